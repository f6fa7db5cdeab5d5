"""The summary of a plan as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape

from landing_zone.plans.document import Change, Kind
from landing_zone.plans.endpoints import monthly
from landing_zone.plans.markdown import SummarizedPlan

_STYLE = """
:root { color-scheme: light dark; --line: #8884; --bad: #c62828; --good: #2e7d32; --warn: #b26a00; }
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
.counts { display: flex; flex-wrap: wrap; gap: .75rem; padding: 0; list-style: none; }
.counts li { border: 1px solid var(--line); border-radius: .5rem; padding: .5rem 1rem; min-width: 6rem; }
.counts b { display: block; font-size: 1.6rem; }
.destroy b, .replace b, .forget b, .refused { color: var(--bad); } .add b { color: var(--good); }
.change b { color: var(--warn); }
code { font: 13px/1.5 ui-monospace, monospace; overflow-wrap: anywhere; }
ul.plain { padding-left: 1.2rem; } details { border-top: 1px solid var(--line); padding: .4rem 0; }
summary { cursor: pointer; overflow-wrap: anywhere; } table { border-collapse: collapse; width: 100%; }
td, th { text-align: left; vertical-align: top; padding: .25rem .75rem .25rem 0; }
tr { border-top: 1px solid var(--line); }
"""
_HEADINGS = {
    Kind.DESTROY: "Destroyed",
    Kind.REPLACE: "Replaced",
    Kind.FORGET: "Dropped from the state",
    Kind.CHANGE: "Changed",
    Kind.ADD: "Added",
    Kind.IMPORT: "Imported",
    Kind.MOVE: "Moved",
}


def page(plan: SummarizedPlan) -> str:
    """Counts, policy, what is lost, cost, drift, then every change with its attributes."""
    parts = [
        "<!doctype html>",
        '<html lang="en"><head><meta charset="utf-8">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Plan: {escape(plan.title)}</title><style>{_STYLE}</style></head><body>",
        f"<h1>Terraform plan: {escape(plan.title)}</h1>",
        _counts(plan.counts) if plan.has_changes else "<p>No changes.</p>",
        _policy(plan),
        *(_changes(_HEADINGS[kind], plan.of(kind), opened=True) for kind in
          (Kind.DESTROY, Kind.REPLACE, Kind.FORGET)),
        _costs(plan),
        _drift(plan),
        *(_changes(_HEADINGS[kind], plan.of(kind), opened=False) for kind in
          (Kind.CHANGE, Kind.ADD, Kind.IMPORT, Kind.MOVE)),
        _list("Outputs that change", plan.outputs),
        "</body></html>",
    ]  # fmt: skip
    return "\n".join(part for part in parts if part) + "\n"


def _counts(counts: dict[str, int]) -> str:
    rows = "".join(
        f'<li class="{kind if number else "none"}"><b>{number}</b> to {kind}</li>'
        for kind, number in counts.items()
    )
    return f'<ul class="counts">{rows}</ul>'


def _policy(plan: SummarizedPlan) -> str:
    if plan.policy is None:
        return ""
    if not plan.policy.violations and not plan.policy.allowed:
        return "<p>No rule of policy/ is violated.</p>" + _list("Labels", plan.policy.warnings)
    return (
        _list("Refused by policy", [found.message for found in plan.policy.violations], "refused")
        + _list("Allowed by label", [found.label for found in plan.policy.allowed])
        + _list("Labels", plan.policy.warnings)
    )


def _costs(plan: SummarizedPlan) -> str:
    note = f"<p>{escape(plan.costs.note)}</p>" if plan.costs.note else ""
    lines = "".join(f"<li>{escape(str(line))}</li>" for line in plan.costs.lines)
    standing = f'<h2>Standing cost</h2><p>{escape(str(plan.costs))}</p><ul class="plain">{lines}</ul>{note}'
    if not plan.endpoints:
        return standing
    lines = "".join(f"<li>{escape(str(endpoint))}</li>" for endpoint in plan.endpoints)
    return (
        f"{standing}<h2>Endpoints of the configuration</h2><p>{escape(monthly(plan.endpoints))}</p>"
        f'<ul class="plain">{lines}</ul>'
    )


def _drift(plan: SummarizedPlan) -> str:
    if not plan.drift:
        return ""
    rows = "".join(
        f"<details open><summary><code>{escape(drifted.address)}</code> was {drifted.what}</summary>"
        f"{_table((f.attribute, f.before, f.after) for f in drifted.differences)}</details>"
        for drifted in plan.drift
    )
    return f"<h2>Changed outside of Terraform ({len(plan.drift)})</h2>{rows}"


def _changes(heading: str, changes: list[Change], *, opened: bool) -> str:
    if not changes:
        return ""
    return f"<h2>{heading} ({len(changes)})</h2>" + "".join(
        _change(change, opened=opened) for change in changes
    )


def _change(change: Change, *, opened: bool) -> str:
    forced = {found.attribute for found in change.forced_by}
    rows = [(f"{found.attribute} (forces the replacement)", found.before, found.after)
            for found in change.forced_by]  # fmt: skip
    rows += [
        (found.attribute, found.before, found.after)
        for found in change.differences
        if found.attribute not in forced
    ]
    reason = f" ({escape(change.reason.replace('_', ' '))})" if change.reason else ""
    moved = (
        f", was <code>{escape(change.previous_address)}</code>" if change.previous_address else ""
    )
    head = f"<code>{escape(change.address)}</code>{moved}{reason}"
    if not rows:
        return f"<p>{head}</p>"
    state = " open" if opened else ""
    return f"<details{state}><summary>{head}</summary>{_table(rows)}</details>"


def _table(rows: Iterable[tuple[str, str, str]]) -> str:
    cells = "".join(
        "<tr>" + "".join(f"<td><code>{escape(cell)}</code></td>" for cell in row) + "</tr>"
        for row in rows
    )
    head = "<tr><th>attribute</th><th>before</th><th>after</th></tr>"
    return f"<table>{head}{cells}</table>" if cells else ""


def _list(heading: str, texts: Iterable[str], css: str = "") -> str:
    items = "".join(f"<li><code>{escape(text)}</code></li>" for text in texts)
    if not items:
        return ""
    return f'<h2 class="{css}">{escape(heading)}</h2><ul class="plain">{items}</ul>'
