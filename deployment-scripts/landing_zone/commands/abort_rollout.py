"""Abort the rollout of a new model: the old instances of the endpoint get all traffic back.

    python deployment-scripts/abort_rollout.py --reason "customers report wrong prices"
    USE_CASE=iris python deployment-scripts/abort_rollout.py --reason "..."

The run that deploys the model then fails with this reason, and the endpoint serves what it served before.
The exit code is 1 when the rollout was faster.
"""

from __future__ import annotations

import argparse

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.runs.follow import interval
from landing_zone.runs.rollouts import Rollout
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--reason", required=True, help="kept with the alarm")
    parser.add_argument(
        "--endpoint", default="", help="name of the endpoint; default: the use case's"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    endpoint = args.endpoint or endpoint_name(settings.prefix, use_case_to_run(settings), PROD)
    rollout = Rollout(Aws(settings), endpoint)
    before = rollout.abort(args.reason)
    found = rollout.follow(interval(settings.is_local))
    config = found.get("EndpointConfigName")
    if config != before:
        raise OperatorError(
            f"endpoint {endpoint} is {found['EndpointStatus']} with {config}: the rollout ended before it "
            "was aborted"
        )
    print(f"endpoint {endpoint} serves {config} again: {found.get('FailureReason', args.reason)}")
    return 0
