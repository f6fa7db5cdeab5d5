"""What was changed outside of Terraform, apart from what is not applied yet."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from landing_zone.plans import markdown
from landing_zone.plans.document import Change, Kind, changes_in, require_plan
from landing_zone.plans.ignores import Ignore
from landing_zone.plans.refresh import DELETED, Drifted, drift_in


@dataclass(frozen=True)
class DriftReport:
    """Drift, what is not applied yet, and what is ignored for a reason."""

    title: str
    drift: tuple[Drifted, ...]
    unapplied: tuple[Change, ...]
    # What an ignore covers, with its reason.
    ignored: tuple[tuple[Drifted, Ignore], ...]
    # Ignores that are expired or match nothing, as messages.
    errors: tuple[str, ...]

    @property
    def exit_code(self) -> int:
        """0: nothing; 1: an ignore is wrong; 2: drift; 3: no drift, but something is not applied yet."""
        if self.errors:
            return 1
        if self.drift:
            return 2
        return 3 if self.unapplied else 0

    def markdown(self, *, limit: int = 65_536) -> str:
        """The text of one issue that is updated, and closed once there is nothing to report."""
        return markdown.drift_issue(self, limit=limit)

    def document(self) -> dict[str, Any]:
        return {
            "title": self.title,
            "exit_code": self.exit_code,
            "drift": [drifted.document() for drifted in self.drift],
            "unapplied": [
                {"address": change.address, "action": change.kind.value}
                for change in self.unapplied
            ],
            "ignored": [
                {**drifted.document(), "reason": ignore.reason, "expires": str(ignore.expires)}
                for drifted, ignore in self.ignored
            ],
            "errors": list(self.errors),
        }


def drift_report(
    plan_refresh_only: Mapping[str, Any],
    plan: Mapping[str, Any],
    ignores: Sequence[Ignore],
    *,
    today: date,
    title: str = "",
) -> DriftReport:
    """The drift in a refresh-only plan; `plan` is the ordinary plan, made after the same changes."""
    require_plan(plan_refresh_only)
    require_plan(plan)
    found_drift = list(drift_in(plan_refresh_only))
    everywhere = {drifted.address for drifted in found_drift}
    left, ignored, used = [], [], set()
    for drifted in found_drift:
        kept = []
        for part in _parts(drifted):
            ignore = _covering(part, ignores, today)
            if ignore:
                used.add(ignore)
                ignored.append((part, ignore))
            else:
                kept.append(part)
        if kept:
            found = tuple(one for part in kept for one in part.differences)
            left.append(Drifted(drifted.address, drifted.type, drifted.what, found))
    quiet = (Kind.NOTHING, Kind.READ)
    return DriftReport(
        title=title,
        drift=tuple(left),
        # What the next apply would only put back is drift, and was reported as such.
        unapplied=tuple(
            change
            for change in changes_in(plan)
            if change.kind not in quiet and change.address not in everywhere
        ),
        ignored=tuple(ignored),
        errors=tuple(error for one in ignores if (error := one.error(today, used=one in used))),
    )


def _parts(drifted: Drifted) -> Iterable[Drifted]:
    """One for each attribute, since an ignore names one attribute."""
    if not drifted.differences:
        return [drifted]
    return [
        Drifted(drifted.address, drifted.type, drifted.what, (found,))
        for found in drifted.differences
    ]


def _covering(part: Drifted, ignores: Sequence[Ignore], today: date) -> Ignore | None:
    """The first entry that covers this attribute and has not expired."""
    attribute = part.differences[0].name if part.differences else DELETED
    for ignore in ignores:
        if ignore.expires >= today and ignore.covers(part.address, attribute):
            return ignore
    return None
