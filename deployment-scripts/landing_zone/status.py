"""status.py: a run as it is, or as it goes; the log of a job."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.bad_rows import refused_row
from landing_zone.deployment import load_deployment
from landing_zone.errors import OperatorError
from landing_zone.follow import follow, interval, require_success
from landing_zone.pipeline import Pipeline
from landing_zone.progress import make_progress
from landing_zone.settings import Settings

_ENDPOINTS = "/aws/sagemaker/Endpoints/"


def print_logs(logs: Any, name: str) -> None:
    """Every line that a job or endpoint has written. A job's streams begin with its name."""
    found = False
    for group in _groups(logs):
        if group.startswith(_ENDPOINTS):
            streams = _streams(logs, group, "") if group == f"{_ENDPOINTS}{name}" else []
        else:
            streams = _streams(logs, group, f"{name}/")
        for stream in streams:
            found = True
            pages = logs.get_paginator("filter_log_events").paginate(
                logGroupName=group, logStreamNames=[stream]
            )
            for event in (event for page in pages for event in page["events"]):
                print(event["message"].rstrip("\n"))
    if not found:
        raise OperatorError(f"no log of {name!r}; `status.py` lists the jobs of a run")


def _groups(logs: Any) -> list[str]:
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/sagemaker/")
    return [group["logGroupName"] for page in pages for group in page["logGroups"]]


def _streams(logs: Any, group: str, prefix: str) -> list[str]:
    options = {"logStreamNamePrefix": prefix} if prefix else {}
    pages = logs.get_paginator("describe_log_streams").paginate(logGroupName=group, **options)
    return [stream["logStreamName"] for page in pages for stream in page["logStreams"]]


def main() -> int:
    """Show a run: stage, action, job, status, time, where to look.

    python deployment-scripts/status.py            the run as it is now, and go on showing it
    python deployment-scripts/status.py --once     only as it is now
    python deployment-scripts/status.py --logs JOB what a job has written
    """
    arguments = cli.parser(main.__doc__)
    arguments.add_argument("--run", default="", help="id of the run; default: the latest")
    how = arguments.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="show it once")
    how.add_argument("--follow", action="store_true", help="show it until it ends (default)")
    how.add_argument("--logs", metavar="JOB", default="", help="print the log of a job or endpoint")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        aws = Aws(settings)
        if args.logs:
            print_logs(aws.client("logs"), args.logs)
            return 0
        pipeline = Pipeline(aws, load_deployment(aws, settings))
        run_id = args.run or pipeline.latest()
        with make_progress() as progress:
            if args.once:
                progress.show(pipeline.read(run_id))
                return 0
            run = follow(pipeline, run_id, progress, seconds=interval(settings.is_local))
        require_success(run, refused_row(aws, pipeline, run))
        return 0

    return cli.run_command(command, arguments)


if __name__ == "__main__":
    sys.exit(main())
