"""Reports: test cases and coverage that builds have uploaded."""

from __future__ import annotations

import uuid
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

from localaws.core.provider import operation
from localaws.services.codebuild import archives
from localaws.services.codebuild.buildspec import ReportSpec
from localaws.services.codebuild.errors import PhaseError, not_found
from localaws.services.codebuild.file_patterns import Files
from localaws.services.codebuild.models import Build, Document, ReportGroup
from localaws.services.codebuild.report_files import (
    FileCoverage,
    ReportFileError,
    TestResult,
    read_cobertura,
    read_junit,
    status_counts,
)
from localaws.services.codebuild.report_groups import add_group
from localaws.services.codebuild.resource import Params, Resource

_KEPT = timedelta(days=30)


class Reports(Resource):
    """The operations on reports, and what a build does to add one."""

    @operation
    def batch_get_reports(self, params: Params) -> Params:
        """BatchGetReports."""
        reports = self.store.reports
        with self.store.lock:
            return {
                "reports": [reports[arn] for arn in params["reportArns"] if arn in reports],
                "reportsNotFound": [arn for arn in params["reportArns"] if arn not in reports],
            }

    @operation
    def list_reports(self, params: Params) -> Params:
        """ListReports, the newest first."""
        with self.store.lock:
            return self._arns(list(self.store.reports.values()), params, "reports")

    @operation
    def list_reports_for_report_group(self, params: Params) -> Params:
        """ListReportsForReportGroup, the newest first."""
        with self.store.lock:
            group = self.store.report_groups.get(params["reportGroupArn"])
            if group is None:
                raise not_found(f"Report group cannot be found: {params['reportGroupArn']}")
            return self._arns(group.reports, params, ["reports", params["reportGroupArn"]])

    @operation
    def delete_report(self, params: Params) -> Params:
        """DeleteReport. A report that does not exist is no error."""
        with self.store.lock:
            report = self.store.reports.pop(params["arn"], None)
            if report:
                self.store.report_groups[report["reportGroupArn"]].reports.remove(report)
                self.store.test_cases.pop(params["arn"], None)
                self.store.coverages.pop(params["arn"], None)
        return {}

    @operation
    def describe_test_cases(self, params: Params) -> Params:
        """DescribeTestCases."""
        chosen = params.get("filter", {})
        with self.store.lock:
            cases = self._of_report(params["reportArn"], self.store.test_cases)
        found = [
            (index, case)
            for index, case in enumerate(cases)
            if chosen.get("status", case["status"]) == case["status"]
            and chosen.get("keyword", "") in f"{case['prefix']} {case['name']}"
        ]
        items, token = self.page(
            found, lambda item: item[0], params, ["test cases", params["reportArn"], chosen]
        )
        return {"testCases": [case for _, case in items], "nextToken": token}

    @operation
    def describe_code_coverages(self, params: Params) -> Params:
        """DescribeCodeCoverages."""
        low = params.get("minLineCoveragePercentage", 0)
        high = params.get("maxLineCoveragePercentage", 100)
        with self.store.lock:
            files = self._of_report(params["reportArn"], self.store.coverages)
        found = [file for file in files if low <= file["lineCoveragePercentage"] <= high]
        by_percentage = params.get("sortBy") == "LINE_COVERAGE_PERCENTAGE"

        def position(file: Document) -> Any:
            return (file["lineCoveragePercentage"] if by_percentage else 0, file["filePath"])

        listing = ["coverages", params["reportArn"], low, high]
        items, token = self.page(found, position, params, listing)
        return {"codeCoverages": items, "nextToken": token}

    def add(
        self, build: Build, spec: ReportSpec, files: Files, s3: Any, say: Callable[[str], None]
    ) -> None:
        """Read the report files of a build.

        Raises:
            PhaseError: there are none, or they cannot be read or exported.
        """
        say(f"Preparing to copy {spec.kind} report {spec.group}")
        base = files.base(spec.base_directory)
        found: dict[str, Path] = {}
        for pattern in spec.files:
            say(f"Expanding {pattern}")
            for name, path in files.matching(pattern, base):
                found[Path(name).name if spec.discard_paths else name] = path
        if not found:
            raise PhaseError("CLIENT_ERROR", f"no matching report paths found for {spec.group}")
        say(f"Found {len(found)} file(s)")
        report, group = self._new_report(build, spec)
        try:
            if spec.kind == "TEST":
                self._add_tests(report, [r for n, p in found.items() for r in read_junit(p, n)])
            else:
                coverages = [f for n, p in found.items() for f in read_cobertura(p, n)]
                self._add_coverage(report, coverages)
        except ReportFileError as error:
            with self.store.lock:
                report["status"] = "FAILED"
            say(f"Report {spec.group} could not be read: {error}")
        self._export(group.document, report["arn"], found, s3, files)

    def _new_report(self, build: Build, spec: ReportSpec) -> tuple[Document, ReportGroup]:
        with self.store.lock:
            group = self._group(build, spec)
            now = self.context.clock.now()
            name = f"{group.document['name']}:{uuid.uuid4()}"
            arn = self.context.arn("codebuild", f"report/{name}")
            report: Document = {
                "arn": arn,
                "type": spec.kind,
                "name": name.partition(":")[2],
                "reportGroupArn": group.document["arn"],
                "executionId": build.arn,
                "status": "GENERATING",
                "created": now,
                "expired": now + _KEPT,
                "exportConfig": group.document["exportConfig"],
                "truncated": False,
            }
            self.store.reports[arn] = report
            group.reports.append(report)
            build.report_arns.append(arn)
        return report, group

    def _group(self, build: Build, spec: ReportSpec) -> ReportGroup:
        """The group that the buildspec names: by its ARN, or by a part of the name, which is created."""
        if spec.group.startswith("arn:"):
            group = self.store.report_groups.get(spec.group)
            if group is None:
                raise PhaseError("CLIENT_ERROR", f"Report group cannot be found: {spec.group}")
        else:
            name = f"{build.request.project}-{spec.group}"
            group = self.store.report_groups.get(
                self.context.arn("codebuild", f"report-group/{name}")
            ) or add_group(
                self.context, self.store, name, spec.kind, {"exportConfigType": "NO_EXPORT"}
            )
        if group.document["type"] != spec.kind:
            raise PhaseError(
                "CLIENT_ERROR",
                f"the report group {group.document['name']} has the type {group.document['type']}, but the "
                f"files of {spec.group} are {spec.file_format}",
            )
        return group

    def _add_tests(self, report: Document, results: list[TestResult]) -> None:
        counts = status_counts(results)
        with self.store.lock:
            self.store.test_cases[report["arn"]] = [
                {
                    "reportArn": report["arn"],
                    "testRawDataPath": result.path,
                    "prefix": result.prefix,
                    "name": result.name,
                    "status": result.status,
                    "durationInNanoSeconds": result.nanoseconds,
                    "message": result.message,
                    "expired": report["expired"],
                    "testSuiteName": result.suite,
                }
                for result in results
            ]
            report["testSummary"] = {
                "total": len(results),
                "statusCounts": counts,
                "durationInNanoSeconds": sum(result.nanoseconds for result in results),
            }
            report["status"] = "FAILED" if counts["FAILED"] or counts["ERROR"] else "SUCCEEDED"

    def _add_coverage(self, report: Document, files: list[FileCoverage]) -> None:
        documents = [
            {
                "id": str(uuid.uuid4()),
                "reportARN": report["arn"],
                "filePath": file.path,
                **_figures(
                    len(file.lines), file.lines_covered, file.branches_total, file.branches_covered
                ),
                "expired": report["expired"],
            }
            for file in files
        ]
        with self.store.lock:
            self.store.coverages[report["arn"]] = documents
            report["codeCoverageSummary"] = _figures(
                sum(len(file.lines) for file in files),
                sum(file.lines_covered for file in files),
                sum(file.branches_total for file in files),
                sum(file.branches_covered for file in files),
            )
            report["status"] = "SUCCEEDED"

    def _export(
        self, group: Document, arn: str, found: dict[str, Path], s3: Any, files: Files
    ) -> None:
        destination = group["exportConfig"].get("s3Destination")
        if destination is None:
            return
        parts = (destination.get("path", ""), group["name"], arn.rpartition(":")[2])
        prefix = "/".join(part.strip("/") for part in parts if part.strip("/"))
        extra = {
            "ServerSideEncryption": "aws:kms",
            "SSEKMSKeyId": destination.get("encryptionKey", ""),
        }
        if destination["encryptionDisabled"]:
            extra = {}
        if destination["packaging"] == "ZIP":
            archive = files.directories.base / "report.zip"
            archives.pack(found.items(), archive)
            found = {f"{group['name']}.zip": archive}
        try:
            for name, path in found.items():
                s3.upload_file(
                    str(path), destination["bucket"], f"{prefix}/{name}", ExtraArgs=extra
                )
        except Exception as error:
            raise PhaseError(
                "CLIENT_ERROR", f"the report {group['name']} was not exported: {error}"
            ) from error

    def _of_report(self, arn: str, table: dict[str, list[Document]]) -> list[Document]:
        if arn not in self.store.reports:
            raise not_found(f"Report cannot be found: {arn}")
        return table.get(arn, [])

    def _arns(self, reports: list[Document], params: Params, listing: Any) -> Params:
        wanted = params.get("filter", {}).get("status")
        chosen = [report for report in reports if wanted in (None, report["status"])]
        found, token = self.page(
            chosen,
            lambda report: (report["created"].timestamp(), report["arn"]),
            params,
            [listing, wanted],
            descending=True,
        )
        return {"reports": [report["arn"] for report in found], "nextToken": token}


def _figures(lines: int, covered: int, branches: int, branches_covered: int) -> Document:
    return {
        "lineCoveragePercentage": _percentage(covered, lines),
        "linesCovered": covered,
        "linesMissed": lines - covered,
        "branchCoveragePercentage": _percentage(branches_covered, branches),
        "branchesCovered": branches_covered,
        "branchesMissed": branches - branches_covered,
    }


def _percentage(part: int, whole: int) -> float:
    return round(100 * part / whole, 2) if whole else 0.0
