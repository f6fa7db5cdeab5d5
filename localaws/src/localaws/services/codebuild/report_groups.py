"""Report groups."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.codebuild.errors import already_exists, invalid_input, not_found
from localaws.services.codebuild.models import Document, ReportGroup, Store
from localaws.services.codebuild.resource import Params, Resource, checked_tags


class ReportGroups(Resource):
    """The operations on report groups."""

    @operation
    def create_report_group(self, params: Params) -> Params:
        """CreateReportGroup."""
        checked_tags(params)
        export = checked_export(params["exportConfig"])
        with self.store.lock:
            group = add_group(self.context, self.store, params["name"], params["type"], export)
            group.document["tags"] = params.get("tags", [])
            return {"reportGroup": group.document}

    @operation
    def update_report_group(self, params: Params) -> Params:
        """UpdateReportGroup."""
        checked_tags(params)
        with self.store.lock:
            group = self._group(params["arn"])
            if "exportConfig" in params:
                group.document["exportConfig"] = checked_export(params["exportConfig"])
            if "tags" in params:
                group.document["tags"] = params["tags"]
            group.document["lastModified"] = self.context.clock.now()
            return {"reportGroup": group.document}

    @operation
    def delete_report_group(self, params: Params) -> Params:
        """DeleteReportGroup. A group with reports is deleted only with them."""
        with self.store.lock:
            group = self._group(params["arn"])
            arns = [report["arn"] for report in group.reports]
            if arns and not params.get("deleteReports"):
                raise invalid_input(
                    f"Report group {group.document['name']} contains reports: delete them first, or set "
                    "deleteReports"
                )
            for arn in arns:
                self.store.reports.pop(arn, None)
                self.store.test_cases.pop(arn, None)
                self.store.coverages.pop(arn, None)
            del self.store.report_groups[params["arn"]]
        return {}

    @operation
    def batch_get_report_groups(self, params: Params) -> Params:
        """BatchGetReportGroups."""
        groups = self.store.report_groups
        with self.store.lock:
            return {
                "reportGroups": [
                    groups[arn].document for arn in params["reportGroupArns"] if arn in groups
                ],
                "reportGroupsNotFound": [
                    arn for arn in params["reportGroupArns"] if arn not in groups
                ],
            }

    @operation
    def list_report_groups(self, params: Params) -> Params:
        """ListReportGroups."""
        with self.store.lock:
            groups = list(self.store.report_groups.values())
        found, token = self.page_of_documents(groups, params, "report groups")
        return {"reportGroups": [group.document["arn"] for group in found], "nextToken": token}

    def _group(self, arn: str) -> ReportGroup:
        if arn not in self.store.report_groups:
            raise not_found(f"Report group cannot be found: {arn}")
        return self.store.report_groups[arn]


def add_group(
    context: Context, store: Store, name: str, kind: str, export: Document
) -> ReportGroup:
    """A new report group.

    Raises:
        AwsError: ResourceAlreadyExistsException.
    """
    arn = context.arn("codebuild", f"report-group/{name}")
    if arn in store.report_groups:
        raise already_exists(f"Report group already exists: {arn}")
    now = context.clock.now()
    document = {
        "arn": arn,
        "name": name,
        "type": kind,
        "exportConfig": export,
        "created": now,
        "lastModified": now,
        "tags": [],
        "status": "ACTIVE",
    }
    store.report_groups[arn] = ReportGroup(document)
    return store.report_groups[arn]


def checked_export(export: Document) -> Document:
    """Where the files of reports go."""
    if export.get("exportConfigType", "NO_EXPORT") == "NO_EXPORT":
        return {"exportConfigType": "NO_EXPORT"}
    destination = export.get("s3Destination", {})
    if not destination.get("bucket"):
        raise invalid_input(
            "Invalid exportConfig: s3Destination.bucket must be set for the type S3"
        )
    if not destination.get("encryptionDisabled") and not destination.get("encryptionKey"):
        raise invalid_input("Invalid exportConfig: s3Destination.encryptionKey must be set")
    return {
        "exportConfigType": "S3",
        "s3Destination": {"packaging": "NONE", "encryptionDisabled": False, **destination},
    }
