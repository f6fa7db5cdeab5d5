"""Selects the run that the main job follows: one that is in progress, so that none is started twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from landing_zone.core.names import FROM_MANIFEST, MANIFEST_KEY, UPLOAD_DATA
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Progress
from landing_zone.runs.run import ENDING, Run

# EventBridge usually takes a second or two to start the run of a new manifest.
_TRIGGER_SECONDS = 60.0


class RunSelector:
    """Finds a run of the manifest that is in the source bucket."""

    def __init__(
        self, pipeline: Pipeline, s3: Any, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._pipeline = pipeline
        self._s3 = s3
        self._sleep = sleep

    def find(self, wanted: Mapping[str, str], *, with_own_data: bool = False) -> str | None:
        """The id of a run in progress with the wanted settings; waits for the one that a new manifest starts.

        With data of one's own, only a run that still waits for its data is selected.
        """
        answer = self._s3.get_object(
            Bucket=self._pipeline.deployment.source_bucket, Key=MANIFEST_KEY
        )
        manifest: dict[str, Any] = json.loads(answer["Body"].read())
        version = answer.get("VersionId", "")
        seconds_left = _TRIGGER_SECONDS - _age(answer)
        while True:
            runs = self._runs_of(version)
            for item in runs:
                if item["status"] in ENDING:
                    continue
                run = self._pipeline.read(item["pipelineExecutionId"])
                if with_own_data and run.action(UPLOAD_DATA).status == "Succeeded":
                    continue
                if _matches(run, manifest, wanted):
                    return run.id
            if runs or seconds_left <= 0:
                return None
            self._sleep(0.3)
            seconds_left -= 0.3

    def _runs_of(self, version: str) -> list[dict[str, Any]]:
        return [
            item
            for item in self._pipeline.executions()
            if version
            in {revision.get("revisionId") for revision in item.get("sourceRevisions", [])}
        ]


def _matches(run: Run, manifest: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether the run's use case, endpoint type and image are the wanted ones."""
    overridden = {name: value for name, value in run.variables.items() if value != FROM_MANIFEST}
    return all({**manifest, **overridden}.get(name) == value for name, value in wanted.items())


def _age(answer: Mapping[str, Any]) -> float:
    """Seconds since the object was written, by the clock of S3."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    written: datetime = answer["LastModified"]
    return (now - written).total_seconds()


def stop_runs_ahead(pipeline: Pipeline, progress: Progress, run: Run) -> None:
    """While a run is queued, stop those ahead of it that wait for an approval.

    Runs go through a stage one after the other: an approval that nobody answers would hold it up for days.
    """
    if run.is_over or any(action.status == "InProgress" for action in run.actions):
        return
    for item in pipeline.executions():
        other = item["pipelineExecutionId"]
        if other == run.id or item["status"] in ENDING:
            continue
        waiting = pipeline.read(other).waiting
        if waiting:
            pipeline.stop(other, f"run {run.id} takes over; {waiting.name} was not answered")
            progress.say(f"run {other} stopped: it waited for {waiting.name}")
