"""What the endpoints that config/ describes cost, and the instance types that it names."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from pathlib import Path
from typing import Any

import yaml

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.costs import Prices

# Components of SageMaker, as AWS's price list names them.
HOSTING = "Hosting"
JOB_COMPONENTS = ("Processing", "Training", "Batch Transform")
# AWS charges an endpoint by the hour; a month has 730.
HOURS = Decimal(730)


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


def span(minimum: int, maximum: int) -> str:
    return f"{minimum}" if minimum == maximum else f"{minimum}...{maximum}"


def money(minimum: Decimal, maximum: Decimal) -> str:
    low, high = f"{minimum:.2f}", f"{maximum:.2f}"
    return low if low == high else f"{low}...{high}"


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
    for target in ("dev", "prod"):
        settings = section.get(target) or {}
        if target == "dev" and not settings.get("enabled", False):
            continue
        if settings.get("serverless"):
            continue
        count = int(settings.get("instance_count") or manifest["EndpointInstanceCount"])
        scaling = settings.get("autoscaling") or {}
        kind = str(settings.get("instance_type") or manifest["EndpointInstanceType"])
        minimum = int(scaling.get("min", count))
        yield target, kind, minimum, max(minimum, int(scaling.get("max", count)))
