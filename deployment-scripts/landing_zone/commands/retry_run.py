"""Retry the failed actions of a run in the same run, for example after correcting the data.

    python deployment-scripts/retry_run.py --run ID

Actions that succeeded are not repeated.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.common import (
    add_follow_option,
    add_run_option,
    follow_to_success,
    open_pipeline,
)
from landing_zone.core.settings import Settings


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_run_option(parser)
    add_follow_option(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws, pipeline = open_pipeline(settings)
    failed = pipeline.read(args.run or pipeline.latest())
    action = pipeline.retry(failed)
    print(f"run {failed.id}: {action.stage} / {action.name} is tried again")
    if args.follow:
        follow_to_success(aws, pipeline, failed.id, settings)
    return 0
