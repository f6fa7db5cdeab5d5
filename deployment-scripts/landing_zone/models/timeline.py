"""What an endpoint has served and when, from endpoint configurations and the executions of `deploy`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from landing_zone.core.aws import Clients
from landing_zone.models.deployments import Deployment
from landing_zone.models.targets import Endpoints

# An execution ends when its rollout has been verified. Without one, the creation of the configuration is all
# that is known: the rollout ended later.
BY_EXECUTION, BY_CONFIGURATION = "deployment", "configuration"


@dataclass(frozen=True)
class Config:
    """An endpoint configuration of this deployment."""

    name: str
    created: datetime
    tags: Mapping[str, str]


@dataclass(frozen=True)
class Period:
    """A time in which an endpoint served one version."""

    use_case: str
    target: str
    package: str
    config: str
    start: datetime
    end: datetime | None
    source: str
    reason: str = ""

    @property
    def number(self) -> str:
        return self.package.rpartition("/")[2] or "?"

    def as_json(self) -> dict[str, Any]:
        end = self.end.isoformat() if self.end else None
        return {**vars(self), "start": self.start.isoformat(), "end": end, "version": self.number}


@dataclass(frozen=True)
class Attempt:
    """A deployment after which the endpoint served what it had served before."""

    use_case: str
    target: str
    at: datetime
    reason: str

    def as_json(self) -> dict[str, Any]:
        return {**vars(self), "at": self.at.isoformat()}


def read_configs(aws: Clients, prefix: str, use_case: str = "") -> list[Config]:
    """The endpoint configurations that the machine has made, by their tags."""
    api, endpoints = aws.client("sagemaker"), Endpoints(aws)
    pages = api.get_paginator("list_endpoint_configs").paginate(
        SortBy="CreationTime", SortOrder="Ascending"
    )
    found = []
    for page in pages:
        for item in page["EndpointConfigs"]:
            tags = endpoints.tags(item["EndpointConfigArn"])
            if tags.get("Environment") != prefix or not tags.get("UseCase"):
                continue
            if not use_case or tags["UseCase"] == use_case:
                found.append(Config(item["EndpointConfigName"], item["CreationTime"], tags))
    return found


def timeline(
    configs: Iterable[Config],
    deployments: Iterable[Deployment],
    live: Mapping[tuple[str, str], str],
) -> tuple[list[Period], list[Attempt]]:
    """The periods of each endpoint and the deployments that changed nothing, oldest first.

    Args:
        configs: the endpoint configurations.
        deployments: the executions of the machine.
        live: the configuration that the endpoint of a use case and target has now. Where an endpoint is
            missing, its last period has no known end.
    """
    executed = sorted(deployments, key=lambda item: item.stopped or item.started)
    by_name = {config.name: config for config in configs}
    begun: dict[tuple[str, str], list[Period]] = {}
    attempts: list[Attempt] = []
    covered: set[str] = set()
    without_effect: list[Deployment] = []
    for item in executed:
        key = (item.use_case, item.target)
        if item.action in {"created", "updated"} and item.stopped:
            covered.add(item.config)
            period = Period(
                *key, item.package, item.config, item.stopped, None, BY_EXECUTION, item.reason
            )
            begun.setdefault(key, []).append(period)
        elif item.action != "none":
            without_effect.append(item)
            if item.stopped:
                attempts.append(Attempt(*key, item.stopped, item.error or item.reason))
    for config in by_name.values():
        key = (config.tags["UseCase"], config.tags.get("Target", "prod"))
        if config.name in covered:
            continue
        # The configuration of a deployment that failed, or goes on, serves at most while it is rolled out.
        if live.get(key) != config.name and _made_by(config, key, without_effect):
            continue
        package = config.tags.get("ModelPackageArn", "")
        period = Period(*key, package, config.name, config.created, None, BY_CONFIGURATION)
        begun.setdefault(key, []).append(period)
    periods = [period for found in begun.values() for period in _with_ends(found)]
    return sorted(periods, key=lambda item: (item.use_case, item.target, item.start)), attempts


def _made_by(config: Config, key: tuple[str, str], deployments: Iterable[Deployment]) -> bool:
    return any(
        (item.use_case, item.target) == key
        and item.started <= config.created
        and (item.stopped is None or config.created <= item.stopped)
        for item in deployments
    )


def at(periods: Iterable[Period], moment: datetime) -> list[Period]:
    """What every endpoint served at a moment."""
    return [
        period
        for period in periods
        if period.start <= moment and (period.end is None or moment < period.end)
    ]


def _with_ends(periods: Sequence[Period]) -> list[Period]:
    """Each period ends when the next one of the endpoint begins."""
    ordered = sorted(periods, key=lambda item: item.start)
    following: list[datetime | None] = [item.start for item in ordered[1:]]
    return [
        replace(period, end=end) for period, end in zip(ordered, [*following, None], strict=True)
    ]
