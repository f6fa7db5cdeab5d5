"""The comparison of variants as text and as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from landing_zone.load.charts import lines_over_time
from landing_zone.load.page import POLICY, STYLE
from landing_zone.load.results import percent_text
from landing_zone.models.comparison import PERCENTILES, Comparison
from landing_zone.models.view import rows

_HEADS = (
    "variant", "requests", "share", "4XX", "5XX", "error rate", *PERCENTILES, "overhead",
)  # fmt: skip


def as_text(title: str, found: Sequence[Comparison]) -> str:
    return "\n".join([title, *(f"  {line}" for line in rows(_HEADS, map(_cells, found)))])


def page(title: str, period: str, found: Sequence[Comparison]) -> str:
    """A table and two charts."""
    head = "".join(f'<th class="number">{escape(name)}</th>' for name in _HEADS)
    body = "".join(
        "<tr>"
        + "".join(f'<td class="number">{escape(cell)}</td>' for cell in _cells(item))
        + "</tr>"
        for item in found
    )
    requests = {item.variant: item.requests_over_time for item in found}
    latency = {item.variant: item.latency_over_time for item in found}
    charts = (("Requests a minute", requests), ("p99 of the model latency in ms", latency))
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>{escape(title)}</h1><p>{escape(period)}</p>",
        f"<table><tr>{head}</tr>{body}</table>",
        "<p>Latencies in ms, as CloudWatch has them: ModelLatency, and the average of OverheadLatency. A "
        "shadow variant gets copies of requests, and its answers reach no caller.</p>",
        *(f"<h2>{escape(name)}</h2>{lines_over_time(name, series)}" for name, series in charts),
        "</body></html>",
    ]
    return "\n".join(parts) + "\n"


def _cells(item: Comparison) -> tuple[str, ...]:
    latencies = (item.latency_ms.get(name) for name in PERCENTILES)
    return (
        item.variant + (" (shadow)" if item.shadow else ""),
        f"{item.requests:,}",
        "-" if item.shadow else percent_text(item.share),
        f"{item.errors_4xx:,}",
        f"{item.errors_5xx:,}",
        percent_text(item.error_rate),
        *(_ms(value) for value in latencies),
        _ms(item.overhead_ms),
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:,.1f}"
