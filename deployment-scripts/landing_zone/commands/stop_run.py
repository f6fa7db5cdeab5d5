"""Stop a run; the next one in the queue continues.

    python deployment-scripts/stop_run.py --run ID --reason "wrong data"

The current action is abandoned. An execution of a state machine that has begun runs to its end.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.common import add_run_option, open_pipeline
from landing_zone.core.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_option(parser)
    parser.add_argument("--reason", default="stopped on the command line", help="kept with the run")


def run(args: argparse.Namespace, settings: Settings) -> int:
    _, pipeline = open_pipeline(settings)
    run_id = args.run or pipeline.latest()
    pipeline.stop(run_id, args.reason)
    print(f"run {run_id} stops")
    return 0
