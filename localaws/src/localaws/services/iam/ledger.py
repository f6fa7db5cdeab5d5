"""Every distinct authorization that was asked for, and what was decided."""

from __future__ import annotations

import threading
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Final

from localaws.services.iam.authorization import Kind
from localaws.services.iam.decision import Decision, Request
from localaws.services.iam.explain import advice, message, missing_statement

# The condition keys that differ in each request, so that a sample without them stands for many.
_PASSING: Final = frozenset({"aws:currenttime", "aws:epochtime", "aws:userid", "aws:useragent"})


@dataclass
class Entry:
    """One authorization, however often it was asked for."""

    principal: str
    """The role of a session, otherwise the caller."""
    action: str
    resource: str
    kind: str
    source: str
    """The page of AWS that says why an implied authorization is needed."""
    allowed: bool
    layer: str
    policy: str
    """The policy whose statement decided, where there is one."""
    sid: str
    count: int = 0
    message: str = ""
    """AWS's message, for a denial."""
    advice: str = ""
    missing: dict[str, Any] | None = None
    """The statement that would allow it."""

    def document(self) -> dict[str, Any]:
        """The entry as a JSON object."""
        return asdict(self)


@dataclass(frozen=True)
class Sample:
    """One request of an entry, with everything that is needed to decide it again."""

    request: Request
    """Without the condition keys that differ in each request."""
    kind: Kind
    source: str
    alternative: str
    """Another form of the same resource, by which a policy may name it too."""


@dataclass
class Ledger:
    """The entries of a server, and the operations without a mapping."""

    _lock: threading.Lock = field(default_factory=threading.Lock)
    _entries: dict[tuple[Any, ...], Entry] = field(default_factory=dict)
    _samples: dict[tuple[Any, ...], Sample] = field(default_factory=dict)
    _unknown: dict[tuple[str, str], int] = field(default_factory=dict)

    def record(
        self, request: Request, decision: Decision, kind: Kind, source: str, alternative: str = ""
    ) -> None:
        """Add a decision, or count it again."""
        principal = request.principal.policy_arn or "anonymous"
        context = {name: request.context[name] for name in request.context.keys() - _PASSING}
        distinct = (
            principal, request.principal.source_arn, request.action, request.resource, kind,
            frozenset((name, tuple(values)) for name, values in context.items()),
        )  # fmt: skip
        key = (
            principal, request.action, request.resource, kind, decision.allowed, decision.layer,
            decision.policy, decision.sid,
        )  # fmt: skip
        with self._lock:
            entry = self._entries.get(key)
            if entry is None:
                entry = self._entries[key] = _entry(principal, request, decision, kind, source)
            entry.count += 1
            if distinct not in self._samples:
                kept = replace(request, context=context)
                self._samples[distinct] = Sample(kept, kind, source, alternative)

    def record_unknown(self, principal: str, operation: str) -> None:
        """Add an operation whose permissions localaws does not know."""
        with self._lock:
            key = (principal, operation)
            self._unknown[key] = self._unknown.get(key, 0) + 1

    def entries(self) -> Sequence[Entry]:
        """All entries, by principal, action and resource."""
        with self._lock:
            found = list(self._entries.values())
        return sorted(found, key=lambda entry: (entry.principal, entry.action, entry.resource))

    def samples(self) -> Sequence[Sample]:
        """A request of each kind that was decided: whoever asked for what, under which conditions."""
        with self._lock:
            return list(self._samples.values())

    def unknown(self) -> Sequence[tuple[str, str, int]]:
        """Principal, operation and count of the operations that are not known."""
        with self._lock:
            return sorted((*key, count) for key, count in self._unknown.items())

    def clear(self) -> None:
        """Forget everything."""
        with self._lock:
            self._entries.clear()
            self._samples.clear()
            self._unknown.clear()


def _entry(principal: str, request: Request, decision: Decision, kind: Kind, source: str) -> Entry:
    entry = Entry(
        principal, request.action, request.resource, kind.value, source, decision.allowed,
        decision.layer.value, decision.policy, decision.sid,
    )  # fmt: skip
    if not decision.allowed:
        entry.message = message(request, decision)
        entry.advice = advice(request, decision)
        entry.missing = missing_statement(request, decision)
    return entry
