"""What a plan changes of the monthly cost, for resources that cost something while nobody uses them.

Prices come from config/prices/{region}.json, which `prices.py --refresh` writes. A price that is missing is
shown as unknown; nothing is assumed in its place.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.document import Change, Kind

# Terraform's type: the name of its price, and how many of it a month has.
STANDING: dict[str, tuple[str, Decimal]] = {
    "aws_cloudwatch_metric_alarm": ("alarm_month", Decimal(1)),
    "aws_kms_key": ("kms_key_month", Decimal(1)),
    # AWS charges a NAT gateway by the hour; a month has 730.
    "aws_nat_gateway": ("nat_gateway_hour", Decimal(730)),
    "aws_secretsmanager_secret": ("secret_month", Decimal(1)),
}
PRICE_NAMES = tuple(sorted({price for price, _ in STANDING.values()}))
# Types that are charged for what is used or stored only, or not at all, have no row.
_LOSES = {Kind.DESTROY, Kind.FORGET}
_GAINS = {Kind.ADD, Kind.IMPORT}


@dataclass(frozen=True)
class Prices:
    """The prices of a region in USD."""

    region: str
    usd: Mapping[str, Decimal]
    # By instance type and component of SageMaker, an hour.
    instances: Mapping[tuple[str, str], Decimal] = field(default_factory=dict)
    # The day on which they were fetched.
    fetched: str = ""


@dataclass(frozen=True)
class CostLine:
    """The resources of one type: how many, and what they cost a month; None: the price is unknown."""

    type: str
    before: int
    after: int
    each: Decimal | None

    def document(self) -> dict[str, Any]:
        return {
            "type": self.type,
            "before": self.before,
            "after": self.after,
            "usd_each": None if self.each is None else f"{self.each:.2f}",
            "usd_before": None if self.each is None else f"{self.each * self.before:.2f}",
            "usd_after": None if self.each is None else f"{self.each * self.after:.2f}",
        }

    def __str__(self) -> str:
        counts = f"{self.type}: {self.before} -> {self.after}"
        if self.each is None:
            return f"{counts}, cost unknown"
        return (
            f"{counts}, {self.each * self.before:.2f} -> {self.each * self.after:.2f} USD a month"
        )


@dataclass(frozen=True)
class CostReport:
    """The standing cost of the resources that a plan adds or removes."""

    lines: tuple[CostLine, ...]
    # Why prices are missing, and what to do about it.
    note: str

    @property
    def difference(self) -> Decimal | None:
        """USD a month; None if any of the prices is unknown."""
        total = Decimal(0)
        for line in self.lines:
            if line.each is None:
                return None
            total += line.each * (line.after - line.before)
        return total

    def __str__(self) -> str:
        if not self.lines:
            return "no change"
        difference = self.difference
        if difference is None:
            return "cost unknown"
        return f"{difference:+.2f} USD a month"

    def document(self) -> dict[str, Any]:
        difference = self.difference
        return {
            "lines": [line.document() for line in self.lines],
            "usd_difference": None if difference is None else f"{difference:.2f}",
            "note": self.note,
        }


def cost_of(changes: Iterable[Change], prices: Prices | None) -> CostReport:
    """The lines of the types whose number changes; a replacement costs what it did before."""
    counts: dict[str, list[int]] = {}
    for change in changes:
        if change.type in STANDING and change.kind in _LOSES | _GAINS:
            row = counts.setdefault(change.type, [0, 0])
            row[0 if change.kind in _LOSES else 1] += 1
    usd = prices.usd if prices else {}
    lines = []
    for kind, (before, after) in sorted(counts.items()):
        price, times = STANDING[kind]
        lines.append(CostLine(kind, before, after, usd[price] * times if price in usd else None))
    return CostReport(tuple(lines), _note(lines, prices))


def _note(lines: list[CostLine], prices: Prices | None) -> str:
    missing = sorted({STANDING[line.type][0] for line in lines if line.each is None})
    if not missing:
        return ""
    where = f"config/prices/{prices.region}.json" if prices else "config/prices/"
    return f"{where} has no {', '.join(missing)}: python deployment-scripts/prices.py --refresh"


def read_prices(region: str, root: Path = ROOT) -> Prices | None:
    """config/prices/{region}.json; None where there is no such file."""
    path = root / f"config/prices/{region}.json"
    if not path.is_file():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        usd = {name: Decimal(row["usd"]) for name, row in content["prices"].items()}
        instances = {
            (instance, component): Decimal(row["usd"])
            for instance, rows in content.get("instances", {}).items()
            for component, row in rows.items()
        }
        fetched = str(content.get("fetched", ""))
    except (ValueError, KeyError, TypeError, AttributeError, ArithmeticError) as error:
        raise OperatorError(
            f"{path} holds no prices: {error!r}. Write it again: "
            "python deployment-scripts/prices.py --refresh"
        ) from error
    unknown = sorted(set(usd) - set(PRICE_NAMES))
    every = [*usd.items(), *((f"{one} ({use})", price) for (one, use), price in instances.items())]
    wrong = sorted(name for name, value in every if not value.is_finite() or value < 0)
    if unknown or wrong:
        raise OperatorError(
            f"{path} has {', '.join(unknown + wrong)}; "
            f"allowed: {', '.join(PRICE_NAMES)} and instance types, each with a price of 0 or more"
        )
    return Prices(region, usd, instances, fetched)
