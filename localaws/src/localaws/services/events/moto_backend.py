"""What of moto's EventBridge is replaced.

``events_backends`` makes :class:`LocalEventsBackend`; moto's delivers while the publisher waits, fires
disabled rules and schedules on every event, and refuses most targets. And moto's S3 hands events straight to
moto's rules, without an id, in a shape that is not AWS's: one function of ``moto.s3.notifications`` is
replaced, because the S3 backend has no seam there.
"""

from __future__ import annotations

import json
import logging
import uuid
from datetime import UTC, datetime
from typing import Any, ClassVar

from flask import has_request_context, request
from moto.events import urls as moto_urls
from moto.events.exceptions import InvalidEventPatternException, ValidationException
from moto.events.models import EventPattern, EventsBackend, Rule, events_backends
from moto.events.responses import EventsHandler
from moto.s3 import notifications

from localaws.core.context import Context, ContextFactory
from localaws.services.events import bus
from localaws.services.events.delivery import Deliverer
from localaws.services.events.s3_events import is_side_effect, s3_event
from localaws.services.events.targets import KINDS, Delivery, call_for
from localaws.services.events.transform import BadTransformError, target_input

_log = logging.getLogger(__name__)
# EventBridge quotas: entries of a PutEvents, bytes of one entry's detail and the rest.
MAX_ENTRIES = 10
MAX_ENTRY_BYTES = 1_048_576
MAX_TARGETS = 5


def install(context_factory: ContextFactory) -> None:
    """Make moto's EventBridge backends ours, and S3's events AWS's."""
    LocalEventsBackend.context_factory = staticmethod(context_factory)
    events_backends.backend = LocalEventsBackend
    notifications._send_event_bridge_message = _publish_s3_event


class LocalEventsHandler(EventsHandler):  # type: ignore[misc]  # moto has no types
    """moto answers TestEventPattern with nothing, whatever the event."""

    def test_event_pattern(self) -> tuple[str, dict[str, Any]]:
        """Whether a pattern matches an event."""
        try:
            event = json.loads(self._get_param("Event"))
        except ValueError as error:
            raise InvalidEventPatternException(f"the event is not JSON: {error}") from error
        matches = EventPattern.load(self._get_param("EventPattern")).matches_event(event)
        return json.dumps({"Result": matches}), self.response_headers


class LocalEventsBackend(EventsBackend):  # type: ignore[misc]  # moto has no types
    """moto's records; events are matched here and delivered in the background."""

    context_factory: ClassVar[ContextFactory]

    def __init__(self, region_name: str, account_id: str) -> None:
        super().__init__(region_name, account_id)
        self._made_context: Context | None = None
        self._deliverer: Deliverer | None = None

    @property
    def url_paths(self) -> dict[str, Any]:
        """moto's paths, answered by :class:`LocalEventsHandler`."""
        return {path.format(""): LocalEventsHandler.dispatch for path in moto_urls.url_paths}

    def reset(self) -> None:
        """Drop what is on its way, then forget everything."""
        if self._deliverer is not None:
            self._deliverer.close()
        super().reset()

    def put_targets(
        self, name: str, event_bus_arn: str | None, targets: list[dict[str, Any]]
    ) -> None:
        """As moto, but a target that would never be reached is refused by name."""
        for target in targets:
            if call_for(target["Arn"]) is None:
                raise ValidationException(
                    f"localaws does not deliver events to {target['Arn']}. It delivers to {KINDS}."
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
        """Take the entries that are valid; the others are answered one by one, as on AWS."""
        if len(events) > MAX_ENTRIES:
            raise ValidationException(
                f"1 validation error detected: {len(events)} entries at 'entries' failed to satisfy "
                f"constraint: Member must have length less than or equal to {MAX_ENTRIES}"
            )
        return [self._put_event(entry) for entry in events]

    def dispatch(self, event: dict[str, Any], bus_name: str) -> None:
        """Hand a complete event to every enabled rule of a bus that matches it."""
        for rule in list(self._get_event_bus(bus_name).rules.values()):
            if _matches(rule, event):
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
        # A bus that does not exist swallows the event; AWS answers with an id, too.
        return {"EventId": event["id"]}

    def _deliver(self, rule: Rule, target: dict[str, Any], event: dict[str, Any]) -> None:
        if (
            target.get("Arn", "").split(":")[2:3] == ["events"]
            and "event-bus/" not in target["Arn"]
        ):
            return  # the hidden rule of an archive
        try:
            text = target_input(target, event, rule.arn)
        except BadTransformError as error:
            _log.warning("rule %s, target %s: %s", rule.arn, target["Id"], error)
            return
        role_arn = target.get("RoleArn") or rule.role_arn
        self._workers().submit(Delivery(rule.arn, target, event, text, role_arn))

    def _workers(self) -> Deliverer:
        if self._deliverer is None:
            context = type(self).context_factory(self.account_id, self.region_name, "events")
            self._deliverer = Deliverer(context)
        return self._deliverer


def _matches(rule: Rule, event: dict[str, Any]) -> bool:
    # Without a pattern a rule has a schedule; moto takes that for a pattern that matches everything.
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
            f"Not authorized for the source {entry['Source']}: sources that begin with aws. are AWS's.",
        )
    try:
        detail = json.loads(entry["Detail"])
    except ValueError:
        return ("MalformedDetail", "Detail is malformed.")
    if not isinstance(detail, dict):
        return ("MalformedDetail", "Detail is malformed: it is no JSON object.")
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


def _publish_s3_event(account_id: str, bucket: Any, event_name: str, key: Any) -> None:
    # S3 must not fail because a target does.
    try:
        name = str(getattr(event_name, "value", event_name))
        if has_request_context() and is_side_effect(name, request.args):
            return
        event = s3_event(account_id, name, bucket, key)
        if event is not None:
            bus.publish(account_id, bucket.region_name, event)
    except Exception:
        _log.exception("an event of bucket %s was not published", bucket.name)
