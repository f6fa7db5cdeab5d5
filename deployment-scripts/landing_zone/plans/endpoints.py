"""What the endpoints that config/ describes cost, and the instance types that it names."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from landing_zone.core.amounts import money, span
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.costs import Prices

# Components of SageMaker, as AWS's price list names them.
HOSTING = "Hosting"
JOB_COMPONENTS = ("Processing", "Training", "Batch Transform")
# AWS charges an endpoint by the hour; a month has 730.
HOURS = Decimal(730)
# The instances of an endpoint that scales, where the use case does not say it.
AUTOSCALING = {"min": 2, "max": 10}


@dataclass(frozen=True)
class EndpointCost:
    """The instances of one endpoint, and the price of one of them an hour; None: it is unknown."""

    use_case: str
    target: str
    instance_type: str
    minimum: int
    maximum: int
    each: Decimal | None

    @property
    def month(self) -> tuple[Decimal, Decimal] | None:
        """USD a month with the fewest and with the most instances."""
        if self.each is None:
            return None
        return self.each * HOURS * self.minimum, self.each * HOURS * self.maximum

    def document(self) -> dict[str, Any]:
        month = self.month
        return {
            "use_case": self.use_case,
            "target": self.target,
            "instance_type": self.instance_type,
            "instances": [self.minimum, self.maximum],
            "usd_hour_each": None if self.each is None else f"{self.each}",
            "usd_month": None if month is None else [f"{value:.2f}" for value in month],
        }

    def __str__(self) -> str:
        counts = span(self.minimum, self.maximum)
        what = f"{self.use_case} {self.target}: {counts} x {self.instance_type}"
        if self.month is None:
            return f"{what}, cost unknown"
        return f"{what}, {money(*self.month)} USD a month"


def endpoint_costs(
    manifest: Mapping[str, Any], prices: Prices | None, root: Path = ROOT
) -> tuple[EndpointCost, ...]:
    """One line for each endpoint that a run of any use case may create, in the order of their names."""
    rates = prices.instances if prices else {}
    return tuple(
        EndpointCost(use_case, target, kind, minimum, maximum, rates.get((kind, HOSTING)))
        for use_case, target, kind, minimum, maximum in _endpoints(manifest, root)
    )


def instance_types(manifest: Mapping[str, Any], root: Path = ROOT) -> dict[str, set[str]]:
    """The instance types in the manifest and the use cases, with the components that they are used for."""
    found = {str(manifest["InstanceType"]): set(JOB_COMPONENTS)}
    for _, _, kind, _, _ in _endpoints(manifest, root):
        found.setdefault(kind, set()).add(HOSTING)
    return found


def monthly(costs: Iterable[EndpointCost]) -> str:
    """What all of them cost a month together, with the fewest and with the most instances."""
    low = high = Decimal(0)
    for cost in costs:
        if cost.month is None:
            return "cost unknown"
        low, high = low + cost.month[0], high + cost.month[1]
    return f"{money(low, high)} USD a month while each is in service"


def _endpoints(manifest: Mapping[str, Any], root: Path) -> Iterator[tuple[str, str, str, int, int]]:
    for path in sorted((root / "config/use_cases").glob("*.yaml")):
        try:
            content = yaml.safe_load(path.read_text(encoding="utf-8"))
            for target, kind, minimum, maximum in endpoints_of(content, manifest):
                yield path.stem, target, kind, minimum, maximum
        except (yaml.YAMLError, AttributeError, TypeError, ValueError) as error:
            raise OperatorError(
                f"{path} is no use case: {error!r}. config/use_case.schema.json describes one"
            ) from error


def endpoints_of(
    use_case: Mapping[str, Any], manifest: Mapping[str, Any]
) -> Iterator[tuple[str, str, int, int]]:
    """Target, instance type, fewest and most instances; a serverless endpoint has no instances.

    create_schema reads the same section (lambdas/create_schema/cost.py); a test compares both.
    """
    section = use_case.get("endpoint") or {}
    dev, prod = section.get("dev") or {}, section.get("prod") or {}
    kind, count = manifest["EndpointInstanceType"], manifest["EndpointInstanceCount"]
    if dev.get("enabled") and "serverless" not in dev:
        instances = dev.get("instance_count", 1)
        yield "dev", dev.get("instance_type", kind), instances, instances
    # A challenger and a shadow are variants with instances of their own.
    variants = 1 + ("challenger" in prod) + ("shadow" in prod)
    fewest = most = prod.get("instance_count", count)
    if "autoscaling" in prod:
        fewest, most = (prod["autoscaling"].get(*limit) for limit in AUTOSCALING.items())
    yield "prod", prod.get("instance_type", kind), fewest * variants, most * variants
