"""Deploy the newest Approved version of a use case to one of its endpoints, and follow the deployment.

    USE_CASE=iris python deployment-scripts/deploy_model.py
    USE_CASE=iris python deployment-scripts/deploy_model.py --target dev --reason "try it"

Starts the machine `deploy`, which changes nothing when the endpoint serves that version with the configured
settings already. The exit code is 1 when the rollout was rolled back.
"""

from __future__ import annotations

import argparse

from landing_zone.core.aws import Aws
from landing_zone.core.names import PROD, TARGETS
from landing_zone.core.settings import Settings
from landing_zone.models.choice import caller_arn
from landing_zone.models.deployments import Deployments, machine_arn
from landing_zone.models.following import Follower
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--target", choices=TARGETS, default=PROD, help="default: prod")
    parser.add_argument("--reason", default="", help="kept with the deployment")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    use_case = use_case_to_run(settings)
    deployments = Deployments(aws, machine_arn(aws, settings))
    reason = args.reason or f"started by {caller_arn(aws.client('sts'))}"
    follower = Follower(aws, deployments, settings.prefix, is_local=settings.is_local)
    follower.to_the_end(deployments.start(use_case, args.target, reason))
    return 0
