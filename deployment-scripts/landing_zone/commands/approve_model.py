"""Approve a version of the model registry, after looking at the evidence, and follow its deployment.

    USE_CASE=iris python deployment-scripts/approve_model.py --version 3 --reason "better on new data"
    python deployment-scripts/approve_model.py --model-package-arn ARN --reason "..." --yes

The version becomes Approved. The newest Approved version of a use case is what its production endpoint should
serve, so the approval starts the machine `deploy`. Who approved and why is stored with the version.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import replace

from landing_zone.core.aws import Aws, Clients
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.models.choice import (
    add_decision_options,
    add_version_options,
    caller_arn,
    choose_version,
    reason_for,
)
from landing_zone.models.deployments import Deployments, find_machine
from landing_zone.models.following import Follower
from landing_zone.models.lineage import lineage
from landing_zone.models.registry import APPROVED, REJECTED, Registry, Version, desired
from landing_zone.models.targets import Endpoints
from landing_zone.models.view import version_text
from landing_zone.runs.evidence import evidence_at
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_version_options(parser)
    add_decision_options(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    return decide(args, settings, APPROVED)


def decide(args: argparse.Namespace, settings: Settings, status: str) -> int:
    """Show the evidence, ask for the reason, approve or reject, follow what that starts."""
    aws = Aws(settings)
    registry = Registry(aws, settings.prefix)
    version = choose_version(args, registry, use_case_to_run(settings))
    use_case = registry.use_case_of(version)
    live = Endpoints(aws).live(endpoint_name(settings.prefix, use_case, PROD))
    is_live = live is not None and live.package == version.arn
    print(version_text(version, lineage(aws.client("s3"), version), [PROD] if is_live else []))
    print(_evidence(aws, version))
    if version.status == status:
        print(f"version {version.number} of {use_case} is {status} already: nothing was changed")
        return 0
    others = [one for one in registry.versions(use_case) if one.arn != version.arn]
    print(consequence(version, others, status, is_live=is_live))
    verb = "Approve" if status == APPROVED else "Reject"
    reason = reason_for(args, f"{verb} version {version.number} of {use_case}?")
    carry_out(aws, settings, version, status, reason)
    return 0


def carry_out(
    aws: Clients,
    settings: Settings,
    version: Version,
    status: str,
    reason: str,
    say: Callable[[str], None] = print,
) -> None:
    """Approve or reject a version, and follow the deployment that this starts."""
    registry = Registry(aws, settings.prefix)
    use_case = registry.use_case_of(version)
    machine = find_machine(aws, settings)
    deployments = Deployments(aws, machine, say=say)
    known = deployments.known(use_case) if machine else set()
    started = time.monotonic()
    description = registry.decide(version, status, caller_arn(aws.client("sts")), reason)
    say(f"version {version.number} of {use_case}: {description}")
    if not machine:
        say("this deployment has no machine `deploy`: the next run deploys an endpoint")
        return
    if status == REJECTED and version.status != APPROVED:
        return  # It was not deployed, so nothing follows from it.
    follower = Follower(aws, deployments, settings.prefix, is_local=settings.is_local, say=say)
    if follower.what_the_event_starts(use_case, known, started) is None:
        say(
            "no deployment has started. Start one: "
            f"USE_CASE={use_case} python deployment-scripts/deploy_model.py"
        )


def consequence(version: Version, others: list[Version], status: str, *, is_live: bool) -> str:
    """What production will serve after the decision."""
    after = desired([*others, replace(version, status=status)])
    if after is None:
        return "after this no version is Approved: the endpoint, if there is one, stays as it is"
    if after.arn == version.arn:
        return f"after this production serves version {version.number}"
    if status == APPROVED:
        return f"production keeps version {after.number}: it is newer and Approved"
    return f"after this production serves version {after.number}" + (" again" if is_live else "")


def _evidence(aws: Aws, version: Version) -> str:
    if not version.metrics_uri:
        return "gate      not recorded: this version has no evaluation"
    try:
        return evidence_at(aws.client("s3"), version.metrics_uri.rpartition("/")[0] + "/").text()
    except OperatorError as error:
        return f"gate      {error}"
