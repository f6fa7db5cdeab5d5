"""Which run the main job takes on, so that a run which goes already is not started twice."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Any

from landing_zone.approvals import UPLOAD_DATA
from landing_zone.pipeline import Pipeline
from landing_zone.runs import OVER, Run
from landing_zone.sources import MANIFEST_KEY

_FROM_MANIFEST = "from-manifest"
# EventBridge usually takes a second or two to start the run of a new manifest.
_TRIGGER_SECONDS = 60.0


class Chooser:
    """Finds a run of the manifest that lies in the source bucket now."""

    def __init__(
        self, pipeline: Pipeline, s3: Any, *, sleep: Callable[[float], None] = time.sleep
    ) -> None:
        self._pipeline = pipeline
        self._s3 = s3
        self._sleep = sleep

    def find(self, wanted: Mapping[str, str], *, with_own_data: bool = False) -> str | None:
        """A run that goes on and does what is wanted; waits for the one that a new manifest starts.

        With data of one's own only a run counts that still waits for its data.
        """
        answer = self._s3.get_object(
            Bucket=self._pipeline.deployment.source_bucket, Key=MANIFEST_KEY
        )
        manifest: dict[str, Any] = json.loads(answer["Body"].read())
        version = answer.get("VersionId", "")
        patience = _TRIGGER_SECONDS - _age(answer)
        while True:
            runs = self._runs_of(version)
            for item in runs:
                if item["status"] in OVER or item["status"] == "Stopping":
                    continue
                run = self._pipeline.read(item["pipelineExecutionId"])
                if with_own_data and run.action(UPLOAD_DATA).status == "Succeeded":
                    continue
                if _does(run, manifest, wanted):
                    return run.id
            if runs or patience <= 0:
                return None
            self._sleep(0.3)
            patience -= 0.3

    def _runs_of(self, version: str) -> list[dict[str, Any]]:
        return [
            item
            for item in self._pipeline.executions()
            if version
            in {revision.get("revisionId") for revision in item.get("sourceRevisions", [])}
        ]


def _does(run: Run, manifest: Mapping[str, Any], wanted: Mapping[str, str]) -> bool:
    """Whether the run's use case, endpoint type and image are the wanted ones."""
    overridden = {name: value for name, value in run.variables.items() if value != _FROM_MANIFEST}
    return all({**manifest, **overridden}.get(name) == value for name, value in wanted.items())


def _age(answer: Mapping[str, Any]) -> float:
    """Seconds since the object was written, by the clock of S3, not by ours."""
    date = answer.get("ResponseMetadata", {}).get("HTTPHeaders", {}).get("date")
    now = parsedate_to_datetime(date) if date else datetime.now(UTC)
    written: datetime = answer["LastModified"]
    return (now - written).total_seconds()
