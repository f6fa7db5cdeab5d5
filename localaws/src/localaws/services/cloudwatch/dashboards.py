"""The operations on dashboards, and on tags."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import page
from localaws.core.provider import operation
from localaws.services.cloudwatch.alarm import AlarmTable
from localaws.services.cloudwatch.errors import invalid_token, invalid_value

_PAGE: Final = 1_000
_MAX_TAGS: Final = 50
_MAX_NAME: Final = 255

Params = dict[str, Any]


@dataclass
class _Dashboard:
    name: str
    arn: str
    body: str
    modified: datetime
    tags: dict[str, str]


class Dashboards:
    """PutDashboard, GetDashboard, ListDashboards, DeleteDashboards, and the tags of every resource."""

    def __init__(self, context: Context, table: AlarmTable) -> None:
        self._context = context
        self._table = table
        self._dashboards: dict[str, _Dashboard] = {}

    @operation
    def put_dashboard(self, params: Params) -> Params:
        """PutDashboard."""
        name, body = params["DashboardName"], params["DashboardBody"]
        if not name.replace("-", "a").replace("_", "a").isalnum() or len(name) > _MAX_NAME:
            raise _invalid_dashboard(
                f"The dashboard name {name!r} must consist of letters, digits, '-' and '_'."
            )
        _check_body(body)
        with self._table.lock:
            known = self._dashboards.get(name)
            given = {tag["Key"]: tag["Value"] for tag in params.get("Tags") or ()}
            arn = f"arn:{self._context.partition}:cloudwatch::{self._context.account_id}:dashboard/{name}"
            tags = known.tags if known else given
            now = self._context.clock.now()
            self._dashboards[name] = _Dashboard(name, arn, body, now, tags)
        return {"DashboardValidationMessages": []}

    @operation
    def get_dashboard(self, params: Params) -> Params:
        """GetDashboard."""
        with self._table.lock:
            found = self._dashboards.get(params["DashboardName"])
        if found is None:
            raise _no_dashboard(params["DashboardName"])
        return {
            "DashboardArn": found.arn,
            "DashboardBody": found.body,
            "DashboardName": found.name,
        }

    @operation
    def list_dashboards(self, params: Params) -> Params:
        """ListDashboards."""
        prefix = params.get("DashboardNamePrefix", "")
        with self._table.lock:
            found = [d for d in self._dashboards.values() if d.name.startswith(prefix)]
        chosen, token = page(
            found, lambda dashboard: dashboard.name, listing=["ListDashboards", prefix],
            token=params.get("NextToken"), size=_PAGE, invalid_token=invalid_token,
        )  # fmt: skip
        entries = [
            {
                "DashboardName": dashboard.name,
                "DashboardArn": dashboard.arn,
                "LastModified": dashboard.modified,
                "Size": len(dashboard.body.encode()),
            }
            for dashboard in chosen
        ]
        return {"DashboardEntries": entries, "NextToken": token}

    @operation
    def delete_dashboards(self, params: Params) -> Params:
        """DeleteDashboards: all of them, or none when one does not exist."""
        with self._table.lock:
            for name in params["DashboardNames"]:
                if name not in self._dashboards:
                    raise _no_dashboard(name)
            for name in params["DashboardNames"]:
                self._dashboards.pop(name, None)
        return {}

    @operation
    def tag_resource(self, params: Params) -> Params:
        """TagResource."""
        with self._table.lock:
            tags = self._tags(params["ResourceARN"])
            new = {tag["Key"]: tag["Value"] for tag in params["Tags"]}
            if len(tags | new) > _MAX_TAGS:
                raise invalid_value(
                    f"{params['ResourceARN']} would have {len(tags | new)} tags; the limit is {_MAX_TAGS}."
                )
            tags |= new
        return {}

    @operation
    def untag_resource(self, params: Params) -> Params:
        """UntagResource."""
        with self._table.lock:
            tags = self._tags(params["ResourceARN"])
            for key in params["TagKeys"]:
                tags.pop(key, None)
        return {}

    @operation
    def list_tags_for_resource(self, params: Params) -> Params:
        """ListTagsForResource."""
        with self._table.lock:
            tags = sorted(self._tags(params["ResourceARN"]).items())
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags]}

    def _tags(self, arn: str) -> dict[str, str]:
        for alarm in self._table.alarms.values():
            if alarm.arn == arn:
                return alarm.tags
        for dashboard in self._dashboards.values():
            if dashboard.arn == arn:
                return dashboard.tags
        raise AwsError(
            "ResourceNotFoundException",
            f"There is no alarm and no dashboard with the ARN {arn}.",
            status=404,
        )


def _check_body(body: str) -> None:
    try:
        document = json.loads(body)
    except ValueError as error:
        raise _invalid_dashboard(
            f"The field DashboardBody must be a valid JSON object: {error}"
        ) from error
    if not isinstance(document, dict) or not isinstance(document.get("widgets", []), list):
        raise _invalid_dashboard(
            "The dashboard body is invalid: it must be an object whose member widgets is a list."
        )
    for index, widget in enumerate(document.get("widgets", [])):
        if not isinstance(widget, dict) or "type" not in widget:
            raise _invalid_dashboard(
                f"The dashboard body is invalid: /widgets/{index} should have required property 'type'."
            )


def _invalid_dashboard(message: str) -> AwsError:
    return AwsError("InvalidParameterInput", message, shape="DashboardInvalidInputError")


def _no_dashboard(name: str) -> AwsError:
    return AwsError(
        "ResourceNotFound",
        f"Dashboard {name} does not exist",
        status=404,
        shape="DashboardNotFoundError",
    )
