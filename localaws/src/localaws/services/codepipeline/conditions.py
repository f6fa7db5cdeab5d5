"""The conditions of stages: starts their rules, and concludes them (user guide: stage-conditions)."""

from __future__ import annotations

from typing import Final

from localaws.core.clock import Clock
from localaws.services.codepipeline.declaration import ConditionType
from localaws.services.codepipeline.models import ConditionRun, StageRun, Status
from localaws.services.codepipeline.starter import Starter
from localaws.services.codepipeline.statuses import StatusWriter

MET: Final = frozenset({Status.SUCCEEDED, Status.OVERRIDDEN})
RULE_FAILED: Final = "JobFailed"
"""The error code of a rule whose check failed. With another code the rule could not be checked."""


class Conditions:
    """Checks conditions. Called under the engine's lock; what follows from a condition is flow.py's part.

    Args:
        clock: dates what is made.
        statuses: writes statuses.
        starter: starts rules.
    """

    def __init__(self, clock: Clock, statuses: StatusWriter, starter: Starter) -> None:
        self._clock = clock
        self._statuses = statuses
        self._starter = starter

    def check(self, run: StageRun, kind: ConditionType) -> bool:
        """Start the rules of a condition, all at once. False when the stage has no such condition."""
        stage = run.execution.declaration.stage(run.name)
        declaration = stage and stage.condition(kind)
        if not declaration:
            return False
        condition = ConditionRun(declaration, run, self._clock.now())
        run.conditions[kind] = condition
        for rule in declaration.rules:
            self._starter.start(run, rule, condition)
        return True

    def conclude(self, condition: ConditionRun) -> bool:
        """Give a condition its status once every rule has ended. False when it goes on or had ended."""
        if condition.status is not Status.IN_PROGRESS or any(r.running for r in condition.rules):
            return False
        if all(rule.status is Status.SUCCEEDED for rule in condition.rules):
            status = Status.SUCCEEDED
        elif any(rule.error and rule.error.code != RULE_FAILED for rule in condition.rules):
            status = Status.ERRORED
        else:
            status = Status.FAILED
        self._statuses.move_condition(condition, status)
        return True

    def close(self, run: StageRun, status: Status) -> None:
        """End the checks of a stage that are in progress, because the execution ends."""
        for condition in run.conditions.values():
            if condition.status is Status.IN_PROGRESS:
                self._statuses.move_condition(condition, status)

    def override(self, condition: ConditionRun) -> None:
        """Count a condition as met, whatever its rules say."""
        self._abandon_rules(condition)
        self._statuses.move_condition(condition, Status.OVERRIDDEN)

    def abandon(self, run: StageRun) -> None:
        """End the checks of a stage that are in progress, because the stage is done again."""
        for condition in run.conditions.values():
            self._abandon_rules(condition)
        self.close(run, Status.ABANDONED)

    def _abandon_rules(self, condition: ConditionRun) -> None:
        for rule in condition.rules:
            if rule.running:
                self._statuses.move_action(rule, Status.ABANDONED)
