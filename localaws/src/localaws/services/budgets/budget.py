"""The records of Budgets."""

from __future__ import annotations

from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from threading import RLock
from typing import Any

Settings = dict[str, Any]
Identity = tuple[str, str, float, str]


@dataclass
class BudgetNotification:
    """When a budget would notify, and whom."""

    settings: Settings
    subscribers: list[Settings]

    @property
    def key(self) -> Identity:
        return identity(self.settings)


@dataclass
class Budget:
    """A budget, as CreateBudget or UpdateBudget has set it."""

    settings: Settings
    notifications: dict[Identity, BudgetNotification] = field(default_factory=dict)
    tags: dict[str, str] = field(default_factory=dict)


@dataclass
class Budgets:
    """The budgets of an account."""

    by_name: dict[str, Budget] = field(default_factory=dict)
    lock: AbstractContextManager[Any] = field(default_factory=RLock)


def identity(settings: Settings) -> Identity:
    """What tells the notifications of a budget apart: they have no name."""
    return (
        settings["NotificationType"],
        settings["ComparisonOperator"],
        float(settings["Threshold"]),
        settings.get("ThresholdType", "PERCENTAGE"),
    )
