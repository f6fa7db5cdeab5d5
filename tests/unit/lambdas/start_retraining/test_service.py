"""The alarm and the comparison that raised it may ask at the same moment."""

from __future__ import annotations

import json
from io import BytesIO
from typing import Any

from start_retraining.service import Clients, start_retraining
from start_retraining.settings import Settings

ENDPOINT = "zone-development-iris"
REPORT = f"monitoring/{ENDPOINT}/2026-05-20-03-10-05-0f6a7c9e"
EVENT = {"UseCase": "iris", "Target": "prod"}


class FakeS3:
    """The records of the other one are not there yet: nothing is ever stored."""

    def __init__(self) -> None:
        verdict = {"verdict": "drift", "labelled_rows": 500, "summary": "drift"}
        self.objects: dict[str, dict[str, Any]] = {
            f"{REPORT}/verdict.json": verdict,
            f"{REPORT}/plan.json": {"RunId": "first"},
        }
        self.copied: list[str] = []

    def get_paginator(self, _: str) -> FakeS3:
        return self

    def paginate(self, *, Prefix: str, **_: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Contents": [{"Key": key} for key in self.objects if key.startswith(Prefix)]}]

    def get_object(self, *, Key: str, **_: str) -> dict[str, Any]:  # noqa: N803
        return {"Body": BytesIO(json.dumps(self.objects[Key]).encode())}

    def put_object(self, **_: Any) -> None:
        """Stored too late for the other one."""

    def copy(self, source: dict[str, str], bucket: str, key: str, **_: Any) -> None:
        self.copied.append(key)


class FakeCloudWatch:
    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": [{"StateValue": "ALARM"}]}


class FakeCodePipeline:
    """A request with the same token starts no second execution."""

    def __init__(self) -> None:
        self.executions: dict[str, str] = {}

    def start_pipeline_execution(self, **request: Any) -> dict[str, str]:
        token = request.get("clientRequestToken", str(len(self.executions)))
        run = self.executions.setdefault(token, f"run-{len(self.executions)}")
        return {"pipelineExecutionId": run}


def test_two_questions_about_the_same_report_start_one_run() -> None:
    settings = Settings("zone-development", "workflow", "key", "pipeline", True, 7, 200)
    clients = Clients(FakeS3(), FakeCloudWatch(), FakeCodePipeline())
    records = [
        start_retraining(
            {**EVENT, "Trigger": trigger, "Now": f"2026-05-20T03:12:0{n}Z"}, settings, clients
        )
        for n, trigger in enumerate(("drift", "alarm"))
    ]
    assert [record["RunId"] for record in records] == ["run-0", "run-0"]
    assert set(clients.s3.copied) == {f"run-0/source/labelled-{REPORT.rpartition('/')[2]}.csv"}
