"""Show a run: stages, actions and jobs with status, time and log group, and what it costs.

    python deployment-scripts/status.py            shows the run until it ends
    python deployment-scripts/status.py --once     shows its present state
    python deployment-scripts/status.py --logs JOB prints what a job or endpoint has written

Without --run it is the oldest run that has not ended, else the newest.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.common import add_run_option, follow_to_success, open_pipeline
from landing_zone.core.aws import Aws
from landing_zone.core.settings import Settings
from landing_zone.runs.costs import cost_text
from landing_zone.runs.logs import job_log
from landing_zone.runs.progress import make_progress


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_option(parser)
    how = parser.add_mutually_exclusive_group()
    how.add_argument("--once", action="store_true", help="show it once")
    how.add_argument("--follow", action="store_true", help="show it until it ends (default)")
    how.add_argument("--logs", metavar="JOB", default="", help="print the log of a job or endpoint")


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.logs:
        for line in job_log(Aws(settings).client("logs"), args.logs):
            print(line)
        return 0
    aws, pipeline = open_pipeline(settings)
    run_id = args.run or pipeline.latest()
    if args.once:
        found = pipeline.read(run_id)
        with make_progress() as progress:
            progress.show(found)
    else:
        found = follow_to_success(aws, pipeline, run_id, settings)
    manifest = pipeline.manifest_so_far(found)
    if manifest is not None:
        cost = cost_text(aws, found, manifest, is_local=settings.is_local)
        if cost:
            print(cost)
    return 0
