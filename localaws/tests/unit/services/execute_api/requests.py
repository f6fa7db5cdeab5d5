"""A request to an API as the data plane sees it."""

from __future__ import annotations

import threading
from datetime import UTC, datetime
from typing import Any

from localaws.services.apigatewayv2.records import Api, Snapshot, Stage
from localaws.services.execute_api.request import Match, Request


def make_request(**settings: Any) -> Request:
    """A POST to ``/v1/predict/housing`` on stage v1.

    Args:
        settings: what differs; also ``stage`` and ``cors``, members of the records of the API.
    """
    stage = {
        "StageName": "v1", "StageVariables": {}, "RouteSettings": {},
        "DefaultRouteSettings": {"DetailedMetricsEnabled": False}, **settings.pop("stage", {}),
    }  # fmt: skip
    route = {"RouteKey": "POST /predict/{use_case}", "AuthorizationType": "NONE"}
    route |= settings.pop("route", {})
    fields: dict[str, Any] = {
        "method": "POST",
        "path": "/v1/predict/housing",
        "raw_path": "/_aws/execute-api/abc/v1/predict/housing",
        "query_string": "",
        "headers": {"content-type": "application/json"},
        "body": b"{}",
        "source_ip": "127.0.0.1",
        "protocol": "HTTP/1.1",
        "domain_name": "abc.execute-api.eu-west-1.amazonaws.com",
        "api": Api({"ApiId": "abc"}, "eu-west-1", "123456789012", threading.RLock()),
        "stage": Stage(stage),
        "snapshot": Snapshot((route,), {}, {}, settings.pop("cors", None)),
        "received": datetime(2026, 3, 12, 19, 3, 58, tzinfo=UTC),
        "id": "JKJaXmPLvHcESHA=",
        "match": Match(route, {"use_case": "housing"}),
    }
    return Request(**{**fields, **settings})
