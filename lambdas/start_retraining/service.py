"""The work of start_retraining, in order.

A retraining trains on the data of the run that made the live model and, beside it, on labelled.csv of the
latest drift report: the captured rows whose label is known. Both are put where the approval UploadSourceData
expects data, and a person still answers this approval.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from botocore.exceptions import ClientError

from common.errors import InputError
from common.names import PROD, endpoint_name
from common.storage import encryption, objects
from start_retraining.decision import LastRetraining, Situation, decide
from start_retraining.settings import Settings

# Reports older than this say nothing about today.
REPORT_DAYS = 31


@dataclass(frozen=True)
class Clients:
    s3: Any
    cloudwatch: Any
    codepipeline: Any


def start_retraining(
    event: Mapping[str, Any], settings: Settings, clients: Clients
) -> dict[str, Any]:
    """`event` has UseCase, Target, Now and Trigger ("alarm" or "drift"): what asks for a retraining."""
    now = datetime.fromisoformat(event["Now"])
    use_case = event["UseCase"]
    endpoint = endpoint_name(settings.prefix, use_case, event.get("Target", PROD))
    store = Store(clients.s3, settings)
    report = store.latest_report(endpoint, now)
    verdict, plan = store.read(f"{report}verdict.json"), store.read(f"{report}plan.json")
    last = _last(store, clients.codepipeline, endpoint)
    situation = Situation(
        settings.enabled,
        _alarm_state(clients.cloudwatch, f"{endpoint}-drift"),
        verdict["verdict"],
        verdict["labelled_rows"],
        settings.minimum_labels,
        settings.cooldown_days,
        last,
        now,
    )
    decision = decide(situation)
    record: dict[str, Any] = {
        "Started": decision.start,
        "Reason": decision.reason,
        "Trigger": event.get("Trigger", ""),
        "EndpointName": endpoint,
        "Report": f"s3://{settings.workflow_bucket}/{report}report.html",
        "Summary": verdict["summary"],
        "Time": now.isoformat(timespec="seconds"),
        "RunId": "",
        "Data": [],
    }
    if decision.start:
        # The alarm and the comparison that raises it may ask at once. Both know the same report and the same
        # last retraining, so the token is the same, and CodePipeline starts one run.
        token = f"{report.rstrip('/').rpartition('/')[2]}-{last.run_id if last else 'first'}"
        record["RunId"] = _start(clients.codepipeline, settings.pipeline_name, use_case, token)
        # Recorded before the data is copied: a failure there must not start a second run.
        store.record(endpoint, now, record)
        record["Data"] = store.copy_data(plan["RunId"], report, record["RunId"])
    store.record(endpoint, now, record)
    return record


def _start(codepipeline: Any, pipeline: str, use_case: str, token: str) -> str:
    answer = codepipeline.start_pipeline_execution(
        name=pipeline,
        variables=[{"name": "UseCase", "value": use_case}],
        clientRequestToken=token,
    )
    return str(answer["pipelineExecutionId"])


def _alarm_state(cloudwatch: Any, name: str) -> str:
    found = cloudwatch.describe_alarms(AlarmNames=[name])["MetricAlarms"]
    return str(found[0]["StateValue"]) if found else ""


def _last(store: Store, codepipeline: Any, endpoint: str) -> LastRetraining | None:
    record = store.last_started(endpoint)
    if record is None:
        return None
    try:
        answer = codepipeline.get_pipeline_execution(
            pipelineName=store.settings.pipeline_name, pipelineExecutionId=record["RunId"]
        )
        status = str(answer["pipelineExecution"]["status"])
    except codepipeline.exceptions.PipelineExecutionNotFoundException:
        status = "unknown"
    return LastRetraining(record["RunId"], datetime.fromisoformat(record["Time"]), status)


@dataclass(frozen=True)
class Store:
    """The reports and records in the workflow bucket."""

    s3: Any
    settings: Settings

    def latest_report(self, endpoint: str, now: datetime) -> str:
        """The folder of the latest report of an endpoint, with a slash at the end."""
        oldest = now - timedelta(days=REPORT_DAYS)
        keys = self._keys(f"monitoring/{endpoint}/", f"{oldest:%Y-%m-%d}")
        reports = [key for key in keys if key.endswith("/verdict.json")]
        if not reports:
            raise InputError(
                f"endpoint {endpoint} has no drift report of the last {REPORT_DAYS} days: "
                "python deployment-scripts/drift.py --now"
            )
        return max(reports).removesuffix("verdict.json")

    def last_started(self, endpoint: str) -> dict[str, Any] | None:
        folder = f"retraining/{endpoint}/started/"
        keys = sorted(self._keys(folder))
        return self.read(keys[-1]) if keys else None

    def record(self, endpoint: str, now: datetime, record: Mapping[str, Any]) -> None:
        kind = "started" if record["Started"] else "not-started"
        self.s3.put_object(
            Bucket=self.settings.workflow_bucket,
            Key=f"retraining/{endpoint}/{kind}/{now:%Y-%m-%d-%H-%M-%S}.json",
            Body=json.dumps(record, indent=2).encode(),
            **encryption(self.settings.kms_key_arn),
        )

    def copy_data(self, live_run: str, report: str, run_id: str) -> list[str]:
        """Put the data of the live model's run and the labelled rows where the new run reads its data."""
        sources = [key for key in self._keys(f"{live_run}/source/") if not key.endswith("/")]
        # The labelled rows of earlier retrainings are part of the live model's data already.
        copies = {key: key.removeprefix(f"{live_run}/source/") for key in sources}
        copies[f"{report}labelled.csv"] = f"labelled-{report.rstrip('/').rpartition('/')[2]}.csv"
        made = []
        for key, name in copies.items():
            target = f"{run_id}/source/{name}"
            self.s3.copy(
                {"Bucket": self.settings.workflow_bucket, "Key": key},
                self.settings.workflow_bucket,
                target,
                ExtraArgs=encryption(self.settings.kms_key_arn),
            )
            made.append(f"s3://{self.settings.workflow_bucket}/{target}")
        return made

    def read(self, key: str) -> dict[str, Any]:
        try:
            body = self.s3.get_object(Bucket=self.settings.workflow_bucket, Key=key)["Body"].read()
        except ClientError as error:
            raise InputError(
                f"s3://{self.settings.workflow_bucket}/{key} cannot be read: {error}"
            ) from error
        document: dict[str, Any] = json.loads(body)
        return document

    def _keys(self, prefix: str, after: str = "") -> Iterator[str]:
        bucket = self.settings.workflow_bucket
        found = objects(self.s3, bucket, prefix, StartAfter=f"{prefix}{after}")
        return (item["Key"] for item in found)
