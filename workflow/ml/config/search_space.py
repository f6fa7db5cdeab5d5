"""What a use case's `search` and `cross_validation` say, read and checked."""

from __future__ import annotations

import math
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import numpy as np

from ml.config.section import Section

HYPERPARAMETER_PATTERN = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
RANGE_TYPES = ("number", "integer", "category")
STRATEGIES = ("random", "grid")
FOLDS, MOST_FOLDS = 5, 20
TRIALS, MOST_TRIALS = 20, 500
MINUTES, MOST_MINUTES = 60.0, 1440.0
POINTS, MOST_POINTS = 5, 50
MOST_FITS = 5_000
DIGITS = 6


@dataclass(frozen=True)
class Range:
    """The values to try of one hyperparameter; with `rvs` scikit-learn's ParameterSampler draws from it."""

    type: str
    minimum: float = 0.0
    maximum: float = 0.0
    log: bool = False
    points: int = POINTS
    values: tuple[Any, ...] = ()

    def rvs(self, random_state: np.random.RandomState) -> float | int:
        return self._at(float(random_state.uniform()))

    def _at(self, share: float) -> float | int:
        """The value at a share of the way from minimum to maximum."""
        low, high = self.minimum, self.maximum
        if self.type == "integer":
            # Each whole number has a stretch of the same length, the first and the last too.
            low, high = low - 0.5, high + 0.5
        if self.log:
            value = math.exp(math.log(low) + share * (math.log(high) - math.log(low)))
        else:
            value = low + share * (high - low)
        if self.type == "integer":
            return int(min(max(math.floor(value + 0.5), self.minimum), self.maximum))
        # Six digits say where the best value is, and are the same on every machine.
        return min(max(float(f"{value:.{DIGITS}g}"), self.minimum), self.maximum)

    def grid(self) -> list[Any]:
        if self.type == "category":
            return list(self.values)
        if self.type == "integer" and self.maximum - self.minimum < self.points:
            return list(range(int(self.minimum), int(self.maximum) + 1))
        inner = Range("number", self.minimum, self.maximum, self.log)
        found = [inner._at(step / (self.points - 1)) for step in range(self.points)]
        if self.type == "integer":
            found = [round(value) for value in found]
        return list(dict.fromkeys(found))

    def limits(self) -> list[Any]:
        """The values the estimator must take, for it to take all."""
        if self.type == "category":
            return list(self.values)
        kind = int if self.type == "integer" else float
        return [kind(self.minimum), kind(self.maximum)]


@dataclass(frozen=True)
class Search:
    space: dict[str, Range]
    strategy: str = "random"
    trials: int = TRIALS
    folds: int = FOLDS
    maximum_minutes: float = MINUTES


def read_search(root: Section, fixed: Iterable[str], problems: list[str]) -> Search | None:
    if "search" not in root.content:
        root.ignore("search")
        return None
    section = root.section("search")
    strategy = section.choice("strategy", STRATEGIES, default="random")
    trials = section.integer("trials", default=TRIALS, minimum=1, maximum=MOST_TRIALS)
    if strategy == "grid" and "trials" in section.content:
        section.problem(
            "trials: a grid tries every combination; remove it, or set strategy: random"
        )
    folds = read_folds(section)
    minutes = section.number("maximum_minutes", default=MINUTES, minimum=0.1, maximum=MOST_MINUTES)
    space = {name: _range(one, strategy) for name, one in section.named_sections("space")}
    section.finish()
    if not space and isinstance(section.content.get("space", {}), dict):
        section.problem("space: found no hyperparameter, expected at least one with its values")
    for name in space:
        if not HYPERPARAMETER_PATTERN.fullmatch(name):
            section.problem(
                f"space: found {name!r}, expected a match of {HYPERPARAMETER_PATTERN.pattern}"
            )
    problems += double_values(space, fixed)
    count = math.prod(len(one.grid()) for one in space.values()) if strategy == "grid" else trials
    if count * folds > MOST_FITS:
        section.problem(
            f"found {count} trials of {folds} folds, expected at most {MOST_FITS} trainings; lower "
            f"{'points' if strategy == 'grid' else 'trials'} or folds, or search at random"
        )
    return Search(space, strategy, trials, folds, minutes)


def read_cross_validation(root: Section) -> int:
    """The folds to train and measure on besides; 0 for none."""
    if "cross_validation" not in root.content:
        root.ignore("cross_validation")
        return 0
    section = root.section("cross_validation")
    folds = read_folds(section)
    section.finish()
    if "search" in root.content:
        section.problem("a search cross-validates every trial; remove cross_validation")
    return folds


def read_folds(section: Section) -> int:
    return section.integer("folds", default=FOLDS, minimum=2, maximum=MOST_FOLDS)


def double_values(space: Iterable[str], fixed: Iterable[str]) -> list[str]:
    """A value and a range for the same hyperparameter: one of them would be silently left out."""
    return [
        f"search.space.{name}: has a value of its own too (in model.hyperparameters, or in the "
        "manifest's TrainingHyperParameters); remove one of the two"
        for name in sorted(set(space) & set(fixed))
    ]


def _range(section: Section, strategy: str) -> Range:
    range_type = section.choice("type", RANGE_TYPES)
    if range_type == "category":
        values = section.different("values", minimum=2, maximum=MOST_POINTS)
        section.finish()
        return Range(range_type, values=values)
    minimum = section.number("minimum")
    maximum = section.number("maximum")
    log = section.flag("log", default=False)
    points = section.integer("points", default=POINTS, minimum=2, maximum=MOST_POINTS)
    if not range_type:  # refused above; what else it may have is not known
        section.ignore("values")
    section.finish()
    if strategy == "random" and "points" in section.content:
        section.problem("points: only a grid has points; remove it, or set strategy: grid")
    if minimum >= maximum:
        section.problem(f"minimum {minimum:.12g} must be below maximum {maximum:.12g}")
        maximum = minimum + 1
    if log and minimum <= 0:
        section.problem(f"minimum {minimum:.12g} must be above 0, since log is true")
        log = False
    if range_type == "integer" and not (minimum.is_integer() and maximum.is_integer()):
        section.problem(
            f"found {minimum:.12g} to {maximum:.12g}, expected whole numbers, since the type is integer"
        )
    return Range(range_type, minimum, maximum, log, points)
