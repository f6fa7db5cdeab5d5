"""report.html of drift.py: the verdict, every column beside the training, and pictures."""

from __future__ import annotations

from collections.abc import Iterator
from html import escape
from itertools import pairwise
from typing import Any

from ml.evaluation import charts
from ml.evaluation.report_html import STYLE, figure, listed, table
from ml.evaluation.rounding import number
from ml.monitoring.comparison import ColumnDrift
from ml.monitoring.quality import QualityDrift
from ml.monitoring.verdict import DRIFT, NO_DRIFT, Findings, reason, summary

SHOWN_COLUMNS = 12
SHOWN_VALUES = 20
MARKS = {DRIFT: ("✗", "failed"), NO_DRIFT: ("✓", "passed")}


def render(found: Findings) -> str:
    mark, style = MARKS.get(found.verdict, ("?", "note"))
    name = found.endpoint
    body = [
        f"<h1>{escape(name)}</h1><p>What the endpoint received, beside the training of its model.</p>",
        f'<p class="verdict {style}">{mark} {escape(summary(found))}</p>',
        _traffic(found),
        "<h2>Columns</h2>",
        _columns(found),
        _explanation(found),
        "<h2>Quality</h2>",
        _quality(found.quality),
        "<h2>Charts</h2>",
        '<div class="charts">',
        *(figure(svg, caption) for svg, caption in _charts(found)),
        "</div>",
    ]
    return (
        '<!doctype html><html lang="en"><head><meta charset="utf-8">'
        f"<title>{escape(name)}: drift</title><style>{STYLE}</style></head><body>"
        + "\n".join(body)
        + "</body></html>\n"
    )


def _traffic(found: Findings) -> str:
    seen = found.seen
    rows = [
        ("Compared", f"{seen.rows:,} rows of {seen.requests:,} requests"),
        ("From", seen.first or "no request"),
        ("To", seen.last or "no request"),
        (
            "With",
            f"{found.baseline.rows:,} training rows of model {found.baseline.model_sha256[:12]}",
        ),
    ]
    left_out = {
        "requests that cannot be read": seen.unreadable_requests,
        "rows with other columns than the model's": seen.malformed_rows,
        "lines that are no capture": seen.other_lines,
    }
    left = ", ".join(f"{count:,} {what}" for what, count in left_out.items() if count)
    return table(("", ""), [*rows, ("Left out", left or "nothing")])


def _columns(found: Findings) -> str:
    head = (
        "column",
        "PSI",
        "by chance",
        "Jensen-Shannon",
        "p-value, adjusted",
        "empty",
        "unknown",
        "",
    )
    rows = []
    for column in (found.prediction, *found.columns):
        values = next((t for t in column.tests if t.smallest_effect == found.limits.psi), None)
        p_value = "" if values is None else _chance(values.adjusted_p_value)
        rows.append(
            (
                column.column,
                _rounded(column.psi),
                _rounded(column.psi_by_chance),
                _rounded(column.jensen_shannon),
                p_value,
                f"{column.missing_share:.1%}",
                f"{column.unknown_share:.1%}",
                f"✗ {reason(column)}" if found.enough and column.drifted else "",
            )
        )
    return table(head, rows, numbers=True)


def _chance(p_value: float) -> str:
    return f"{p_value:.4f}" if p_value >= 0.0001 else "< 0.0001"


def _rounded(value: float | None) -> str:
    return "" if value is None else f"{value:.3f}"


def _explanation(found: Findings) -> str:
    limits = found.limits
    return listed(
        [
            f"A column has drifted when chance explains its difference badly (adjusted p-value at most "
            f"{limits.false_discovery_rate:g}, over all tests together) and the difference is large: a PSI "
            f"of at least {limits.psi:g} above the one that chance gives, or {limits.share:.0%} more or "
            "fewer cells that are empty or unknown.",
            "Unknown are categories that the use case does not list, and numbers outside the range of the "
            "training.",
            f"Fewer than {limits.minimum_rows:,} rows are not judged.",
        ]
    )


def _quality(quality: QualityDrift) -> str:
    if quality.value is None:
        return f"<p>Not judged: {escape(quality.status)} ({quality.rows:,} labels).</p>"
    mark = "✗" if quality.drifted else "✓"
    worse = "" if quality.worse_by is None else f"{quality.worse_by:+.1%}"
    rows = [
        ("metric", quality.metric),
        ("with the labels that arrived", f"{number(quality.value)} on {quality.rows:,} rows"),
        ("99 % interval", f"{number(quality.low)} to {number(quality.high)}"),
        ("in the training (held-out rows)", number(quality.training)),
        ("worse by", f"{worse} (allowed: {quality.allowed:.0%})"),
        ("verdict", f"{mark} {quality.status}"),
    ]
    return table(("", ""), rows)


def _charts(found: Findings) -> Iterator[tuple[str, str]]:
    compared = [c for c in (found.prediction, *found.columns) if c.psi is not None]
    if not compared:
        return
    compared.sort(key=lambda column: column.psi or 0.0, reverse=True)
    shown = compared[:30]
    yield (
        charts.bars(
            [column.column for column in shown],
            [column.psi or 0.0 for column in shown],
            [0.0] * len(shown),
            "PSI",
        ),
        f"How far each column is from the training. {found.limits.psi:g} above chance is the limit.",
    )
    for column in (found.prediction, *found.columns[:SHOWN_COLUMNS]):
        if column.psi is not None:
            yield _chart(column)


def _chart(column: ColumnDrift) -> tuple[str, str]:
    names = _names(column.bins)
    before, now = column.bins["reference"], column.bins["current"]
    shares = [
        (first / max(1, sum(before)), second / max(1, sum(now)))
        for first, second in zip(before, now, strict=True)
    ]
    if len(names) > SHOWN_VALUES:  # the values whose share has changed most
        order = sorted(range(len(names)), key=lambda i: -abs(shares[i][0] - shares[i][1]))
        kept = sorted(order[:SHOWN_VALUES])
        names, shares = [names[i] for i in kept], [shares[i] for i in kept]
    svg = charts.paired_bars(
        names, shares, ("training", "endpoint"), "share of the rows", f"Shares of {column.column}"
    )
    basis = "held-out rows" if column.column == "prediction" else "training rows"
    return svg, f"{column.column}: the {basis} beside the rows that the endpoint received."


def _names(bins: dict[str, Any]) -> list[str]:
    if "values" in bins:
        return list(bins["values"])
    edges = [f"{edge:,.4g}" if abs(edge) < 1e4 else number(edge) for edge in bins["edges"]]
    if not edges:
        return ["all"]
    between = [f"{low} to {high}" for low, high in pairwise(edges)]
    return [f"below {edges[0]}", *between, f"{edges[-1]} or more"]
