"""Show the model registry: versions, what is live, where a version comes from, and what was live when.

    python deployment-scripts/models.py                          every use case
    USE_CASE=iris python deployment-scripts/models.py            one use case
    USE_CASE=iris python deployment-scripts/models.py --version 3
    python deployment-scripts/models.py --timeline               what was live when
    python deployment-scripts/models.py --at 2026-05-03T12:00    what was live then

A time without a zone is that of this machine. The timeline comes from the tags of endpoint configurations and
from the executions of the machine `deploy`, which Step Functions keeps for 90 days.
"""

from __future__ import annotations

import argparse
import json
from datetime import datetime
from typing import Any

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import TARGETS, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.models.deployments import Deployments, find_machine
from landing_zone.models.lineage import lineage
from landing_zone.models.registry import Registry
from landing_zone.models.targets import Endpoints, Live
from landing_zone.models.timeline import Attempt, Period, at, read_configs, timeline
from landing_zone.models.view import (
    timeline_text,
    version_json,
    version_text,
    versions_text,
)


def add_arguments(parser: argparse.ArgumentParser) -> None:
    shown = parser.add_mutually_exclusive_group()
    shown.add_argument("--version", type=int, help="all about one version of USE_CASE")
    shown.add_argument("--timeline", action="store_true", help="what was live when")
    shown.add_argument("--at", type=_moment, metavar="TIME", help="what was live at this time")
    parser.add_argument("--json", action="store_true", help="print JSON")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    registry = Registry(aws, settings.prefix)
    if args.version is not None and not settings.use_case:
        raise OperatorError("--version needs the use case: USE_CASE=iris ... models.py --version 3")
    if args.timeline or args.at:
        return _show_timeline(aws, settings, args.at, as_json=args.json)
    use_cases = [settings.use_case] if settings.use_case else registry.use_cases()
    if not use_cases:
        print("[]" if args.json else "no model is registered yet: python deployment-scripts/run.py")
        return 0
    if args.version is not None:
        return _show_version(aws, registry, settings, args.version, as_json=args.json)
    s3, found = aws.client("s3"), []
    for use_case in use_cases:
        versions = registry.versions(use_case)
        live = _packages(_live(aws, settings.prefix, use_case))
        if args.json:
            described = [version_json(one, lineage(s3, one), live) for one in versions]
            found.append({"use_case": use_case, "versions": described})
        else:
            print(versions_text(use_case, versions, live))
    if args.json:
        print(json.dumps(found, indent=2))
    return 0


def _show_version(
    aws: Aws, registry: Registry, settings: Settings, number: int, *, as_json: bool
) -> int:
    version = registry.find(settings.use_case, number)
    facts = lineage(aws.client("s3"), version)
    live = _packages(_live(aws, settings.prefix, settings.use_case))
    if as_json:
        print(json.dumps(version_json(version, facts, live), indent=2))
    else:
        serves = [target for target, arn in live.items() if arn == version.arn]
        print(version_text(version, facts, serves))
    return 0


def _show_timeline(aws: Aws, settings: Settings, when: datetime | None, *, as_json: bool) -> int:
    periods, attempts, gone = read_timeline(aws, settings)
    if when:
        periods, attempts = at(periods, when), []
    if as_json:
        content: dict[str, Any] = {
            "timeline": [period.as_json() for period in periods],
            "without_effect": [attempt.as_json() for attempt in attempts],
            "endpoints_that_are_gone": sorted(gone),
        }
        print(json.dumps(content, indent=2))
    elif when and not periods:
        print(f"nothing was live at {when.isoformat()}")
    else:
        print(timeline_text(periods, attempts, gone))
    return 0


def read_timeline(aws: Aws, settings: Settings) -> tuple[list[Period], list[Attempt], set[str]]:
    """The timeline of USE_CASE or of all, and the targets whose endpoint is gone."""
    configs = read_configs(aws, settings.prefix, settings.use_case)
    machine = find_machine(aws, settings)
    deployments = list(Deployments(aws, machine).recent(settings.use_case)) if machine else []
    use_cases = {config.tags["UseCase"] for config in configs}
    use_cases |= {deployment.use_case for deployment in deployments if deployment.use_case}
    live, gone = {}, set()
    for use_case in use_cases:
        found = _live(aws, settings.prefix, use_case)
        live.update({(use_case, target): one.config for target, one in found.items()})
        gone |= {f"{use_case} {target}" for target in TARGETS if target not in found}
    periods, attempts = timeline(configs, deployments, live)
    return periods, attempts, gone


def _live(aws: Aws, prefix: str, use_case: str) -> dict[str, Live]:
    endpoints = Endpoints(aws)
    found = {target: endpoints.live(endpoint_name(prefix, use_case, target)) for target in TARGETS}
    return {target: live for target, live in found.items() if live}


def _packages(live: dict[str, Live]) -> dict[str, str]:
    return {target: one.package for target, one in live.items()}


def _moment(text: str) -> datetime:
    try:
        return datetime.fromisoformat(text).astimezone()
    except ValueError as error:
        raise argparse.ArgumentTypeError(
            f"{text!r} is no time; allowed: a time such as 2026-05-03T12:00 or 2026-05-03T12:00+02:00"
        ) from error
