"""start_run.py, retry_run.py, stop_run.py."""

from __future__ import annotations

import argparse

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.bad_rows import refused_row
from landing_zone.deployment import load_deployment
from landing_zone.follow import follow, interval, require_success
from landing_zone.pipeline import Pipeline
from landing_zone.progress import make_progress
from landing_zone.settings import Settings
from landing_zone.sources import overrides


def _pipeline(settings: Settings) -> Pipeline:
    aws = Aws(settings)
    return Pipeline(aws, load_deployment(aws, settings))


def _follow(pipeline: Pipeline, run_id: str, settings: Settings) -> int:
    with make_progress() as progress:
        run = follow(pipeline, run_id, progress, seconds=interval(settings.is_local))
    require_success(run, refused_row(Aws(settings), pipeline, run))
    return 0


def start() -> int:
    """Start a run, for example of another use case than the manifest's.

    USE_CASE=iris ENDPOINT_TYPE=Batch IMAGE_TAG=prebuilt python deployment-scripts/start_run.py
    """
    arguments = cli.parser(start.__doc__)
    arguments.add_argument("--follow", action="store_true", help="show it until it ends")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        pipeline = _pipeline(settings)
        run_id = pipeline.start(overrides(settings))
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
