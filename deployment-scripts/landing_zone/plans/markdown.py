"""The texts about a plan for GitHub, and its one line for an approval."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import Protocol

from landing_zone.plans.costs import CostReport
from landing_zone.plans.document import Change, Kind
from landing_zone.plans.endpoints import EndpointCost, monthly
from landing_zone.plans.ignores import Ignore
from landing_zone.plans.policy import PolicyResult
from landing_zone.plans.refresh import Drifted

_VERBS = {
    Kind.DESTROY: "Destroy",
    Kind.REPLACE: "Replace",
    Kind.FORGET: "Drop from the state",
    Kind.CHANGE: "Change",
    Kind.ADD: "Add",
    Kind.IMPORT: "Import",
    Kind.MOVE: "Move",
}
_DETAILS = (Kind.CHANGE, Kind.ADD, Kind.IMPORT, Kind.MOVE)
_OPEN, _CLOSE = "<details><summary>", "</details>"
PLAN_MARKER = "<!-- landing-zone: plan of {title} -->"
DRIFT_MARKER = "<!-- landing-zone: drift of {title} -->"


class SummarizedPlan(Protocol):
    """What the texts read of a Summary."""

    @property
    def title(self) -> str: ...
    @property
    def counts(self) -> dict[str, int]: ...
    @property
    def drift(self) -> Sequence[Drifted]: ...
    @property
    def outputs(self) -> Sequence[str]: ...
    @property
    def costs(self) -> CostReport: ...
    @property
    def endpoints(self) -> Sequence[EndpointCost]: ...
    @property
    def policy(self) -> PolicyResult | None: ...
    @property
    def has_changes(self) -> bool: ...
    def of(self, *kinds: Kind) -> list[Change]: ...


class Report(Protocol):
    """What the text reads of a DriftReport."""

    @property
    def title(self) -> str: ...
    @property
    def drift(self) -> Sequence[Drifted]: ...
    @property
    def unapplied(self) -> Sequence[Change]: ...
    @property
    def ignored(self) -> Sequence[tuple[Drifted, Ignore]]: ...
    @property
    def errors(self) -> Sequence[str]: ...


def comment(plan: SummarizedPlan, *, link: str, limit: int) -> str:
    """What must be seen first, then the rest in sections that can be opened."""
    lines = [
        PLAN_MARKER.format(title=plan.title),
        f"### Terraform plan: {plan.title}",
        "",
        f"**{counts_line(plan)}**" if plan.has_changes else "**No changes.**",
        "",
        *_policy_lines(plan.policy),
    ]
    for kind in (Kind.DESTROY, Kind.REPLACE, Kind.FORGET):
        if found := plan.of(kind):
            lines += [f"**{_VERBS[kind]}** ({len(found)})", ""]
            lines += [line for change in found for line in change_lines(change)] + [""]
    lines += [f"**Standing cost:** {plan.costs}"]
    costs = [*map(str, plan.costs.lines), *([plan.costs.note] if plan.costs.note else [])]
    lines += ["", *(f"- {line}" for line in costs)] if costs else []
    if plan.endpoints:
        lines += ["", f"**Endpoints of the configuration:** {monthly(plan.endpoints)}", ""]
        lines += [f"- {endpoint}" for endpoint in plan.endpoints]
    if plan.drift:
        lines += ["", f"**Changed outside of Terraform** ({len(plan.drift)})", ""]
        lines += _drift_lines(plan.drift)
    for kind in _DETAILS:
        if found := plan.of(kind):
            body = [line for change in found for line in change_lines(change, every=True)]
            lines += ["", f"{_OPEN}{_VERBS[kind]} ({len(found)})</summary>", "", *body, "", _CLOSE]
    if plan.outputs:
        lines += ["", f"Outputs that change: {', '.join(map(code, plan.outputs))}"]
    if link:
        lines += ["", f"[The whole plan]({link})"]
    where = f"[the whole plan]({link}) has them" if link else "summary.html has them"
    return cut(lines, limit, where)


def counts_line(plan: SummarizedPlan) -> str:
    return ", ".join(f"{number} to {kind}" for kind, number in plan.counts.items())


def one_line(plan: SummarizedPlan, limit: int) -> str:
    """Counts, findings, cost, then the addresses that are lost, as many as there is room for."""
    parts = [
        f"{plan.title}: {counts_line(plan)}" if plan.has_changes else f"{plan.title}: no changes"
    ]
    if plan.policy and plan.policy.violations:
        parts.append(f"{len(plan.policy.violations)} refused by policy")
    if plan.policy and plan.policy.allowed:
        parts.append(f"{len(plan.policy.allowed)} allowed by label")
    if plan.drift:
        parts.append(f"{len(plan.drift)} changed outside of Terraform")
    if plan.costs.lines:
        parts.append(str(plan.costs))
    if plan.endpoints:
        parts.append(f"endpoints {monthly(plan.endpoints)}")
    text = "; ".join(parts)
    for kind in (Kind.DESTROY, Kind.REPLACE, Kind.FORGET):
        addresses = [change.address for change in plan.of(kind)]
        if addresses:
            text += (
                f"; {_VERBS[kind].lower()}: {_as_many_as_fit(addresses, limit - len(text) - 40)}"
            )
    return text if len(text) < limit else f"{text[: limit - 4]}..."


def drift_issue(report: Report, *, limit: int) -> str:
    """Drift first, then the rest; the first line is the same each time."""
    lines = [DRIFT_MARKER.format(title=report.title), f"### Drift: {report.title}", ""]
    if not (report.drift or report.unapplied or report.errors):
        lines += ["Nothing was changed outside of Terraform, and everything is applied."]
    if report.errors:
        lines += ["**Entries of config/drift-ignore.yaml to correct**", ""]
        lines += [f"- {error}" for error in report.errors] + [""]
    if report.drift:
        lines += [f"**Changed outside of Terraform** ({len(report.drift)})", ""]
        lines += [*_drift_lines(report.drift), ""]
        lines += [
            "Put it back with an apply, take it into the Terraform, or add a reasoned entry to "
            "config/drift-ignore.yaml.",
            "",
        ]
    if report.unapplied:
        lines += [f"**Not applied yet** ({len(report.unapplied)})", ""]
        lines += [
            f"- {_VERBS[change.kind].lower()} {code(change.address)}" for change in report.unapplied
        ]
        lines += [""]
    if report.ignored:
        lines += [f"{_OPEN}Ignored for a reason ({len(report.ignored)})</summary>", ""]
        for drifted, ignore in report.ignored:
            lines += _drift_lines([drifted])
            lines += [f"  - until {ignore.expires}: {ignore.reason}"]
        lines += ["", _CLOSE]
    return cut(lines, limit, "drift.json has them")


def change_lines(change: Change, *, every: bool = False) -> Iterator[str]:
    """The address, and what forces a replacement; with `every`, each attribute that changes."""
    reason = f" ({change.reason.replace('_', ' ')})" if change.reason else ""
    moved = f", was {code(change.previous_address)}" if change.previous_address else ""
    yield f"- {code(change.address)}{moved}{reason}"
    for found in change.forced_by:
        yield f"  - forced by {code(str(found))}"
    if every:
        for found in change.differences:
            yield f"  - {code(str(found))}"


def code(text: str) -> str:
    """A code span, which GitHub shows as it is: no mention, no HTML, no link."""
    fence = "`"
    while fence in text:
        fence += "`"
    space = " " if "`" in text else ""
    return f"{fence}{space}{text}{space}{fence}"


def cut(lines: Sequence[str], limit: int, where: str) -> str:
    """The lines joined, without the last ones where the text is too long, and with a note that says so."""
    text = "\n".join(lines) + "\n"
    if len(text) < limit:
        return text
    kept: list[str] = []
    # For the note, and for a section that has to be closed.
    room = limit - 200 - len(where)
    for line in lines:
        room -= len(line) + 1
        if room < 0:
            break
        kept.append(line)
    left = len(lines) - len(kept)
    opened = sum(line.startswith(_OPEN) for line in kept) - kept.count(_CLOSE)
    note = f"**{left} lines are left out, because a comment is limited: {where}.**"
    end = [*["", _CLOSE] * opened, "", note]
    return "\n".join([*kept, *end]) + "\n"


def _policy_lines(policy: PolicyResult | None) -> Iterator[str]:
    if policy is None:
        return
    if policy.violations:
        yield f"**Refused by policy** ({len(policy.violations)})"
        yield ""
        yield from (f"- {code(found.message)}" for found in policy.violations)
        yield ""
    if policy.allowed:
        yield f"**Allowed by label** ({len(policy.allowed)})"
        yield ""
        yield from (f"- {code(found.label)}" for found in policy.allowed)
        yield ""
    yield from (f"- {text}" for text in policy.warnings)
    if policy.warnings:
        yield ""


def _drift_lines(drift: Iterable[Drifted]) -> list[str]:
    lines = []
    for drifted in drift:
        lines.append(f"- {code(drifted.address)} was {drifted.what}")
        lines += [f"  - {code(str(found))}" for found in drifted.differences]
    return lines


def _as_many_as_fit(texts: Sequence[str], room: int) -> str:
    shown = ""
    for index, text in enumerate(texts):
        joined = f"{shown}, {text}" if shown else text
        if len(joined) > room:
            return f"{shown} and {len(texts) - index} more" if shown else f"{len(texts)} resources"
        shown = joined
    return shown
