"""Bring back the version that production served before: one command.

    USE_CASE=iris python deployment-scripts/rollback.py --reason "customers report wrong prices"

The version that is live becomes Rejected with the reason, so that nothing deploys it again, and the machine
`deploy` rolls out the newest other Approved version. Which one that is, is said before anything is changed.
To stop a rollout that has not ended, use abort_rollout.py.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable

from landing_zone.core.aws import Aws, Clients
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.models.choice import add_decision_options, caller_arn, reason_for
from landing_zone.models.deployments import Deployments, machine_arn
from landing_zone.models.following import Follower
from landing_zone.models.registry import REJECTED, Registry, Version, desired
from landing_zone.models.targets import Endpoints, Live
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_decision_options(parser)


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    use_case = use_case_to_run(settings)
    registry = Registry(aws, settings.prefix)
    # An error before the questions, where nothing could be deployed after them.
    machine_arn(aws, settings)
    endpoint = endpoint_name(settings.prefix, use_case, PROD)
    versions = registry.versions(use_case)
    bad, back = plan_rollback(Endpoints(aws).live(endpoint), versions, endpoint)
    print(f"endpoint {endpoint} serves version {bad.number} ({bad.metric or 'no metric'})")
    print(f"it will serve version {back.number} ({back.metric or 'no metric'}), {back.description}")
    reason = reason_for(args, f"Reject version {bad.number} and bring back {back.number}?")
    roll_back(aws, settings, bad, reason)
    return 0


def roll_back(
    aws: Clients, settings: Settings, bad: Version, reason: str, say: Callable[[str], None] = print
) -> None:
    """Reject the version that is live, and follow the deployment that this starts."""
    registry = Registry(aws, settings.prefix)
    use_case = registry.use_case_of(bad)
    deployments = Deployments(aws, machine_arn(aws, settings), say=say)
    known = deployments.known(use_case)
    started = time.monotonic()
    say(registry.decide(bad, REJECTED, caller_arn(aws.client("sts")), f"rollback: {reason}"))
    follower = Follower(aws, deployments, settings.prefix, is_local=settings.is_local, say=say)
    if follower.what_the_event_starts(use_case, known, started) is None:
        # The event may be late or its rule disabled; the machine does nothing when it was only late.
        follower.to_the_end(deployments.start(use_case, PROD, f"rollback: {reason}"), started)


def plan_rollback(
    live: Live | None, versions: list[Version], endpoint: str
) -> tuple[Version, Version]:
    """The version that is live, and the one that comes back.

    Raises:
        OperatorError: there is nothing to roll back, or nothing to roll back to.
    """
    if live is None:
        raise OperatorError(f"endpoint {endpoint} does not exist: there is nothing to roll back")
    if live.status != "InService":
        raise OperatorError(
            f"endpoint {endpoint} is {live.status}. Wait for the end of its rollout, or abort it: python "
            "deployment-scripts/abort_rollout.py --reason ..."
        )
    bad = live.version(versions)
    if bad is None:
        raise OperatorError(
            f"endpoint {endpoint} serves {live.package or 'a model of no version'} ({live.config}), which is "
            "no version of its group: deploy an Approved one with deploy_model.py"
        )
    back = desired([version for version in versions if version.arn != bad.arn])
    if back is None:
        raise OperatorError(
            f"version {bad.number} is live and no other version is Approved, so there is nothing to go back "
            "to. Approve one first: python deployment-scripts/approve_model.py --version N --reason ... "
            f"(there are {', '.join(str(one.number) for one in versions if one.arn != bad.arn) or 'none'})"
        )
    return bad, back
