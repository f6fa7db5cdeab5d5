"""status.py: a run as it is, or as it goes; the log of a job."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.deployment import load_deployment
from landing_zone.errors import OperatorError
from landing_zone.follow import follow, interval, require_success
from landing_zone.pipeline import Pipeline
from landing_zone.progress import make_progress
from landing_zone.settings import Settings


def print_logs(logs: Any, groups: list[str], name: str) -> None:
    """Every line of the job's log streams, which begin with its name."""
    found = False
    for group in groups:
        pages = logs.get_paginator("filter_log_events").paginate(
            logGroupName=group, **({} if name in group else {"logStreamNamePrefix": name})
        )
        for page in pages:
            for event in page["events"]:
                found = True
                print(event["message"].rstrip("\n"))
    if not found:
        raise OperatorError(f"no log of {name!r}; `status.py` lists the jobs of a run")


def log_groups(logs: Any, name: str) -> list[str]:
    """The log groups of SageMaker's jobs, and of an endpoint of that name."""
    pages = logs.get_paginator("describe_log_groups").paginate(logGroupNamePrefix="/aws/sagemaker/")
    names = [group["logGroupName"] for page in pages for group in page["logGroups"]]
    return [
        group
        for group in names
        if not group.startswith("/aws/sagemaker/Endpoints/") or group.endswith(f"/{name}")
    ]


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
            logs = aws.client("logs")
            print_logs(logs, log_groups(logs, args.logs), args.logs)
            return 0
        pipeline = Pipeline(aws, load_deployment(aws, settings))
        run_id = args.run or pipeline.latest()
        with make_progress() as progress:
            if args.once:
                progress.show(pipeline.read(run_id))
                return 0
            run = follow(pipeline, run_id, progress, seconds=interval(settings.is_local))
        require_success(run)
        return 0

    return cli.run_command(command, arguments)


if __name__ == "__main__":
    sys.exit(main())
