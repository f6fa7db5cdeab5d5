"""Options and steps that several commands share."""

from __future__ import annotations

import argparse
from collections.abc import Callable
from functools import partial

from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.settings import Settings
from landing_zone.runs.bad_rows import refused_row
from landing_zone.runs.follow import (
    Approver,
    follow,
    interval,
    leave_to_people,
    require_success,
)
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.progress import Progress, make_progress
from landing_zone.runs.run import Run


def add_run_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--run", default="", help="id of the run; default: the latest")


def add_follow_option(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--follow", action="store_true", help="show the run until it ends")


def add_confirmation_options(parser: argparse.ArgumentParser, help_of_yes: str) -> None:
    parser.add_argument("--yes", action="store_true", help=help_of_yes)
    parser.add_argument("--quiet", action="store_true", help="write Terraform's output to a file")


def open_pipeline(settings: Settings) -> tuple[Aws, Pipeline]:
    """The clients, and the pipeline of the deployment that the settings name."""
    aws = Aws(settings)
    return aws, Pipeline(aws, load_deployment(aws, settings))


def follow_to_success(
    aws: Aws,
    pipeline: Pipeline,
    run_id: str,
    settings: Settings,
    *,
    approver: Callable[[Progress], Approver] = lambda _: leave_to_people,
    each: Callable[[Progress, Run], None] | None = None,
) -> Run:
    """Show a run until it ends; raise the reason and the next steps unless it succeeded."""
    with make_progress() as progress:
        run = follow(
            pipeline,
            run_id,
            progress,
            seconds=interval(settings.is_local),
            approver=approver(progress),
            each=partial(each, progress) if each else None,
        )
    require_success(run, refused_row(aws, pipeline, run))
    return run
