"""The backend of EventBridge: moto keeps buses, rules and targets; events are matched and delivered here."""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from moto.events import urls as moto_urls
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern, EventsBackend, Rule
from moto.events.responses import EventsHandler

from localaws.services.backend import LocalBackend
from localaws.services.eventbridge import bus, metrics
from localaws.services.eventbridge.delivery import Deliverer
from localaws.services.eventbridge.schedules import ScheduledRules, parsed
from localaws.services.eventbridge.targets import TARGET_TYPES, Delivery, call_for
from localaws.services.eventbridge.transform import BadTransformError, target_input

_log = logging.getLogger(__name__)
# Quotas of EventBridge: the entries of a PutEvents call, the size of an entry, the targets of a rule.
MAX_ENTRIES = 10
MAX_ENTRY_BYTES = 1_048_576
MAX_TARGETS = 5


class LocalEventsHandler(EventsHandler):  # type: ignore[misc]  # moto has no types
    """moto leaves the result out of the answer to TestEventPattern."""

    def test_event_pattern(self) -> tuple[str, dict[str, Any]]:
        """TestEventPattern."""
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError as error:
            raise InvalidEventPatternException(f"the event is not JSON: {error}") from error
        matches = EventPattern.load(self._get_param("EventPattern")).matches_event(event)
        return json.dumps({"Result": matches}), self.response_headers


class LocalEventsBackend(LocalBackend, EventsBackend):  # type: ignore[misc]  # moto has no types
    """moto delivers while the publisher waits, to log groups and queues only, and fires disabled rules."""

    service_name: ClassVar[str] = "events"
    _created_deliverer: Deliverer | None = None
    _created_schedules: ScheduledRules | None = None

    @property
    def url_paths(self) -> dict[str, Any]:
        """moto's paths, answered by :class:`LocalEventsHandler`."""
        return {path.format(""): LocalEventsHandler.dispatch for path in moto_urls.url_paths}

    def close(self) -> None:
        """Drop the deliveries that have not been made."""
        if self._created_schedules is not None:
            self._created_schedules.close()
        if self._created_deliverer is not None:
            self._created_deliverer.close()

    def put_rule(self, name: str, *arguments: Any, **settings: Any) -> Rule:
        """As moto, and a rule with a schedule fires."""
        if settings.get("scheduled_expression"):
            parsed(settings["scheduled_expression"])
        rule = super().put_rule(name, *arguments, **settings)
        if rule.event_bus_name == "default":
            self._schedules.update(rule)
        return rule

    def enable_rule(self, name: str, event_bus_arn: str | None) -> bool:
        """As moto; the times of a schedule count from now."""
        return self._switched(name, event_bus_arn, super().enable_rule(name, event_bus_arn))

    def disable_rule(self, name: str, event_bus_arn: str | None) -> bool:
        """As moto, and its schedule stops."""
        return self._switched(name, event_bus_arn, super().disable_rule(name, event_bus_arn))

    def delete_rule(self, name: str, event_bus_arn: str | None) -> None:
        """As moto, and its schedule stops."""
        super().delete_rule(name, event_bus_arn)
        if self._normalize_event_bus_arn(event_bus_arn) == "default":
            self._schedules.remove(name)

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        """As moto, but a target that localaws cannot call is refused by name."""
        for target in targets:
            if call_for(target["Arn"]) is None:
                raise ValidationException(
                    f"localaws does not deliver events to {target['Arn']}. It delivers to {TARGET_TYPES}."
                )
            if ":states:" in target["Arn"] and not target.get("RoleArn"):
                raise ValidationException(f"RoleArn is required for target {target['Arn']}.")
        rule = self._get_event_bus(self._normalize_event_bus_arn(event_bus_arn)).rules.get(name)
        ids = {t["Id"] for t in targets} | {t["Id"] for t in (rule.targets if rule else [])}
        if len(ids) > MAX_TARGETS:
            raise ValidationException(
                f"Rule {name} would have {len(ids)} targets; the limit is {MAX_TARGETS}."
            )
        super().put_targets(name, event_bus_arn, targets)

    def put_events(self, events: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """Publish the valid entries; each other entry gets an error of its own, as on AWS."""
        if len(events) > MAX_ENTRIES:
            raise ValidationException(
                f"1 validation error detected: {len(events)} entries at 'entries' failed to satisfy "
                f"constraint: Member must have length less than or equal to {MAX_ENTRIES}"
            )
        return [self._put_event(entry) for entry in events]

    def dispatch(self, event: dict[str, Any], bus_name: str) -> None:
        """Deliver an event with a complete envelope to the targets of every rule that matches it."""
        for rule in list(self._get_event_bus(bus_name).rules.values()):
            if _matches(rule, event):
                metrics.count(self.context, rule.arn, "MatchedEvents", "TriggeredRules")
                for target in list(rule.targets):
                    self._deliver(rule, target, event)

    def _switched(self, name: str, event_bus_arn: str | None, found: bool) -> bool:
        bus_name = self._normalize_event_bus_arn(event_bus_arn)
        # Schedules are for the default bus only.
        if found and bus_name == "default":
            self._schedules.update(self._get_event_bus(bus_name).rules[name])
        return found

    def _fire(self, rule: Rule, moment: datetime) -> None:
        event = bus.envelope(
            self.account_id,
            self.region_name,
            {
                "source": "aws.events",
                "detail-type": "Scheduled Event",
                "time": bus.timestamp(moment),
                "resources": [rule.arn],
                "detail": {},
            },
        )
        metrics.count(self.context, rule.arn, "TriggeredRules")
        for target in list(rule.targets):
            self._deliver(rule, target, event)

    def _put_event(self, entry: dict[str, Any]) -> dict[str, Any]:
        refusal = _refusal(entry)
        if refusal:
            return {"ErrorCode": refusal[0], "ErrorMessage": refusal[1]}
        bus_name = self._normalize_event_bus_arn(entry.get("EventBusName"))
        event = bus.envelope(
            self.account_id,
            self.region_name,
            {
                "id": str(uuid.uuid4()),
                "source": entry["Source"],
                "detail-type": entry["DetailType"],
                "resources": entry.get("Resources"),
                "detail": json.loads(entry["Detail"]),
                "time": _time(entry.get("Time")),
            },
        )
        if bus_name in self.event_buses:
            self.dispatch(event, bus_name)
        # For a bus that does not exist AWS drops the event and answers with an id all the same.
        return {"EventId": event["id"]}

    def _deliver(self, rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
        if (
            target.get("Arn", "").split(":")[2:3] == ["events"]
            and "event-bus/" not in target["Arn"]
        ):
            # The rule that moto adds for an archive.
            return
        try:
            text = target_input(target, event, rule.arn)
        except BadTransformError as error:
            _log.warning("rule %s, target %s: %s", rule.arn, target["Id"], error)
            return
        role_arn = target.get("RoleArn") or rule.role_arn
        self._deliverer.submit(Delivery(rule.arn, target, event, text, role_arn))

    @property
    def _schedules(self) -> ScheduledRules:
        with self._creation_lock:
            if self._created_schedules is None:
                self._created_schedules = ScheduledRules(self.context.clock, self._fire)
            return self._created_schedules

    @property
    def _deliverer(self) -> Deliverer:
        with self._creation_lock:
            if self._created_deliverer is None:
                self._created_deliverer = Deliverer(self.context)
            return self._created_deliverer


def _matches(rule: Rule, event: dict[str, Any]) -> bool:
    # A rule with a schedule has no pattern; moto treats that as a pattern that matches every event.
    has_pattern = bool(rule.event_pattern.dump())
    return rule.state != "DISABLED" and has_pattern and rule.event_pattern.matches_event(event)


def _refusal(entry: dict[str, Any]) -> tuple[str, str] | None:
    for field in ("Source", "DetailType", "Detail"):
        if not entry.get(field):
            return (
                "InvalidArgument",
                f"Parameter {field} is not valid. Reason: {field} is a required argument.",
            )
    if entry["Source"].startswith("aws."):
        return (
            "NotAuthorizedForSourceException",
            f"Not authorized for the source {entry['Source']}: sources that begin with aws. are reserved",
        )
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return ("MalformedDetail", "Detail is malformed.")
    if not isinstance(detail, dict):
        return ("MalformedDetail", "Detail is malformed: it is not a JSON object.")
    size = len(json.dumps(entry, default=str).encode())
    if size > MAX_ENTRY_BYTES:
        return ("InvalidArgument", f"The entry has {size} bytes; the limit is {MAX_ENTRY_BYTES}.")
    return None


def _time(value: Any) -> str | None:
    if value is None:
        return None
    if isinstance(value, int | float):
        return bus.timestamp(datetime.fromtimestamp(value, UTC))
    return bus.timestamp(datetime.fromisoformat(str(value).replace("Z", "+00:00")))
