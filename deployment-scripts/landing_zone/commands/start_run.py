"""Start a run.

    python deployment-scripts/start_run.py
    USE_CASE=iris ENDPOINT_TYPE=Batch IMAGE_TAG=prebuilt python deployment-scripts/start_run.py

USE_CASE, ENDPOINT_TYPE and IMAGE_TAG override the manifest for this run.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.common import add_follow_option, follow_to_success, open_pipeline
from landing_zone.core.settings import Settings
from landing_zone.sources.checkout import overrides


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_follow_option(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws, pipeline = open_pipeline(settings)
    run_id = pipeline.start(overrides(settings))
    print(f"run {run_id} started")
    if args.follow:
        follow_to_success(aws, pipeline, run_id, settings)
    return 0
