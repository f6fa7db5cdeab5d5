"""start_run.py, retry_run.py, stop_run.py; and which run the main job takes on."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable, Mapping
from typing import Any

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.deployment import load_deployment
from landing_zone.follow import follow, interval, require_success
from landing_zone.progress import make_progress
from landing_zone.runs import OVER, Pipeline
from landing_zone.settings import Settings
from landing_zone.sources import MANIFEST_KEY, read_use_case

_FROM_MANIFEST = "from-manifest"
# EventBridge usually takes a second or two to start the run of a new manifest.
_TRIGGER_SECONDS = 60.0


def variables(settings: Settings) -> dict[str, str]:
    """What a run started now overrides in the manifest."""
    wanted = {}
    if settings.use_case:
        read_use_case(settings.use_case)
        wanted["UseCase"] = settings.use_case
    if settings.endpoint_type:
        wanted["EndpointType"] = settings.endpoint_type
    return wanted


class Chooser:
    """Finds the run to take on, so that a run which goes already is not started twice."""

    def __init__(
        self,
        pipeline: Pipeline,
        s3: Any,
        *,
        now: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._pipeline = pipeline
        self._s3 = s3
        self._now = now
        self._sleep = sleep

    def find(self, wanted: Mapping[str, str], *, manifest_is_new: bool) -> str | None:
        """A run that goes now and does what is wanted; waits for the one that a new manifest starts."""
        deadline = self._now() + (_TRIGGER_SECONDS if manifest_is_new else 0.0)
        bucket = self._pipeline.deployment.source_bucket
        version = self._s3.head_object(Bucket=bucket, Key=MANIFEST_KEY).get("VersionId", "")
        while True:
            for item in self._pipeline.executions():
                if item["status"] in OVER or item["status"] == "Stopping":
                    continue
                revisions = {r.get("revisionId", "") for r in item.get("sourceRevisions", [])}
                # A run without a revision has not read its source yet: the next look knows more.
                if version in revisions and self._does(item["pipelineExecutionId"], wanted):
                    return str(item["pipelineExecutionId"])
            if self._now() >= deadline:
                return None
            self._sleep(0.3)

    def _does(self, run_id: str, wanted: Mapping[str, str]) -> bool:
        """Whether the run's use case and endpoint type are the wanted ones."""
        run = self._pipeline.read(run_id)
        overridden = {
            name: value for name, value in run.variables.items() if value != _FROM_MANIFEST
        }
        # The manifest of this version was uploaded with the same settings, or with none.
        manifest = self._manifest()
        return all({**manifest, **overridden}.get(name) == value for name, value in wanted.items())

    def _manifest(self) -> dict[str, Any]:
        import json

        bucket = self._pipeline.deployment.source_bucket
        body = self._s3.get_object(Bucket=bucket, Key=MANIFEST_KEY)["Body"].read()
        manifest: dict[str, Any] = json.loads(body)
        return manifest


def _pipeline(settings: Settings) -> Pipeline:
    aws = Aws(settings)
    return Pipeline(aws, load_deployment(aws, settings))


def _follow(pipeline: Pipeline, run_id: str, settings: Settings) -> int:
    with make_progress() as progress:
        run = follow(pipeline, run_id, progress, seconds=interval(settings.is_local))
    require_success(run)
    return 0


def start() -> int:
    """Start a run, for example of another use case than the manifest's.

    USE_CASE=iris ENDPOINT_TYPE=Batch python deployment-scripts/start_run.py
    """
    arguments = cli.parser(start.__doc__)
    arguments.add_argument("--follow", action="store_true", help="show it until it ends")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        pipeline = _pipeline(settings)
        run_id = pipeline.start(variables(settings))
        print(f"run {run_id} started")
        return _follow(pipeline, run_id, settings) if args.follow else 0

    return cli.run_command(command, arguments)


def retry() -> int:
    """Run the failed action of a run again, in the same run: after mending the data, for example.

    python deployment-scripts/retry_run.py --run ID
    """
    arguments = cli.parser(retry.__doc__)
    arguments.add_argument("--run", default="", help="id of the run; default: the latest")
    arguments.add_argument("--follow", action="store_true", help="show it until it ends")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        pipeline = _pipeline(settings)
        run = pipeline.read(args.run or pipeline.latest())
        action = pipeline.retry(run)
        print(f"run {run.id}: {action.stage} / {action.name} is tried again")
        return _follow(pipeline, run.id, settings) if args.follow else 0

    return cli.run_command(command, arguments)


def stop() -> int:
    """Stop a run; its next in line goes on.

    python deployment-scripts/stop_run.py --run ID --reason "wrong data"
    """
    arguments = cli.parser(stop.__doc__)
    arguments.add_argument("--run", default="", help="id of the run; default: the latest")
    arguments.add_argument("--reason", default="stopped on the command line", help="for the record")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        pipeline = _pipeline(settings)
        run_id = args.run or pipeline.latest()
        pipeline.stop(run_id, args.reason)
        print(f"run {run_id} stops")
        return 0

    return cli.run_command(command, arguments)
