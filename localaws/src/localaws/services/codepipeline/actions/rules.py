"""The rules of stage conditions (user guide: rule-reference). LambdaInvoke is the action of that name."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Final

from localaws.services.codepipeline import windows
from localaws.services.codepipeline.conditions import RULE_FAILED
from localaws.services.codepipeline.models import Outcome
from localaws.services.codepipeline.runner import ActionFailedError, ActionRun

ALARM_STATES: Final = ("OK", "ALARM", "INSUFFICIENT_DATA")
ALARM_POLL_SECONDS: Final = 10.0


class VariableCheck:
    """Compares a variable with a value."""

    def run(self, run: ActionRun) -> Outcome:
        """Succeed when the comparison holds."""
        variable, value = run.configuration["Variable"], run.configuration["Value"]
        operator = run.configuration["Operator"]
        if not _compare(operator, variable, value):
            raise ActionFailedError(
                RULE_FAILED,
                f"Variable {run.action.declaration.configuration['Variable']} is {variable!r}, which does"
                f" not satisfy {operator} {value!r}",
            )
        return Outcome()


class CloudWatchAlarm:
    """Watches an alarm for a time, or looks at it once."""

    def run(self, run: ActionRun) -> Outcome:
        """Fail as soon as the alarm is in one of the states; succeed when the time has passed."""
        name = run.configuration["AlarmName"]
        states = alarm_states(run.configuration)
        deadline = run.context.clock.monotonic() + 60.0 * wait_minutes(run.configuration)
        client = run.client("cloudwatch")
        while True:
            alarms = client.describe_alarms(
                AlarmNames=[name], AlarmTypes=["MetricAlarm", "CompositeAlarm"]
            )
            found = [*alarms.get("MetricAlarms", []), *alarms.get("CompositeAlarms", [])]
            if not found:
                raise ActionFailedError("ConfigurationError", f"There is no alarm {name!r}")
            if found[0]["StateValue"] in states:
                reason = found[0].get("StateReason", "")
                raise ActionFailedError(
                    RULE_FAILED, f"Alarm {name} is in state {found[0]['StateValue']}: {reason}"
                )
            left = deadline - run.context.clock.monotonic()
            if left <= 0:
                return Outcome()
            run.receive(min(ALARM_POLL_SECONDS, left))


class DeploymentWindow:
    """Looks at the time."""

    def run(self, run: ActionRun) -> Outcome:
        """Succeed inside of the window."""
        cron, time_zone = run.configuration["Cron"], run.configuration.get("TimeZone")
        now = run.context.clock.now()
        try:
            if windows.is_open(cron, now, time_zone):
                return Outcome()
        except ValueError as error:
            raise ActionFailedError("ConfigurationError", str(error)) from error
        raise ActionFailedError(
            RULE_FAILED,
            f"The time {now:%Y-%m-%dT%H:%M:%SZ} is outside of the deployment window {cron!r}"
            f" ({time_zone or 'UTC'})",
        )


def alarm_states(configuration: Mapping[str, str]) -> tuple[str, ...]:
    """The states in which an alarm fails the rule: ALARM, when the rule names none.

    Raises:
        ActionFailedError: a state does not exist.
    """
    states = tuple(s.strip() for s in configuration.get("AlarmStates", "ALARM").split(","))
    for state in states:
        if state not in ALARM_STATES:
            raise ActionFailedError(
                "ConfigurationError",
                f"AlarmStates contains {state!r}, allowed are {', '.join(ALARM_STATES)}",
            )
    return states


def wait_minutes(configuration: Mapping[str, str]) -> float:
    """How long to watch an alarm.

    Raises:
        ActionFailedError: WaitTime is not a number of minutes.
    """
    text = configuration.get("WaitTime", "0")
    if not text.isdigit():
        raise ActionFailedError(
            "ConfigurationError", f"WaitTime is {text!r}, expected is a number of minutes"
        )
    return float(text)


def _compare(operator: str, variable: str, value: str) -> bool:
    if operator == "EQ":
        return variable == value
    if operator == "NE":
        return variable != value
    if operator == "CONTAINS":
        return value in variable
    try:
        return re.fullmatch(value, variable, re.DOTALL) is not None
    except re.error as error:
        raise ActionFailedError(
            "ConfigurationError", f"Value {value!r} is not a regular expression: {error}"
        ) from error
