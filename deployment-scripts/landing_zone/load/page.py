"""The results of a load test as one HTML page that needs no other file."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from landing_zone.load.charts import histogram, latency_over_time, requests_over_time
from landing_zone.load.results import Results, Share, percent_text
from landing_zone.load.summary import lateness
from landing_zone.load.thresholds import Verdict

STYLE = """
:root { color-scheme: light dark; --rule: #8885; --wrong: #d32f2f; --right: #2e7d32; }
body { font: 15px/1.5 system-ui, sans-serif; margin: 2rem auto; max-width: 60rem; padding: 0 1rem; }
h1 { font-size: 1.4rem; margin-bottom: .2rem; } h2 { font-size: 1.1rem; margin: 2rem 0 .5rem; }
table { border-collapse: collapse; } th, td { padding: .25rem .9rem .25rem 0; text-align: left; }
td.number, th.number { font-variant-numeric: tabular-nums; text-align: right; }
tr { border-bottom: 1px solid var(--rule); } .met { color: var(--right); } .wrong { color: var(--wrong); }
svg { display: block; height: auto; width: 100%; } svg text { fill: currentColor; font-size: 12px; }
svg .grid { stroke: var(--rule); } td { overflow-wrap: anywhere; }
"""
POLICY = "default-src 'none'; style-src 'unsafe-inline'"


def page(title: str, load: str, started: str, results: Results, verdicts: Sequence[Verdict]) -> str:
    """The verdicts first, then counts, latency, charts, errors and variants."""
    charts = (
        (
            "Latency in ms, by the time at which requests were due",
            latency_over_time(results.over_time),
        ),
        ("Requests by latency", histogram(results.histogram)),
        (
            "Requests and errors a second, by the time at which they were due",
            requests_over_time(results.over_time),
        ),
    )
    parts = [
        '<!doctype html><html lang="en"><head><meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{POLICY}">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>Load test of {escape(title)}</title><style>{STYLE}</style></head><body>",
        f"<h1>Load test of {escape(title)}</h1><p>{escape(load)}. Started {escape(started)}.</p>",
        _verdicts(verdicts),
        _counts(results),
        _latency(results),
        *(f"<h2>{heading}</h2>{chart}" for heading, chart in charts),
        _shares("Errors", results.errors, "of the requests that were due"),
        _shares("Variants", results.variants, "of the successful requests"),
        "</body></html>",
    ]
    return "\n".join(part for part in parts if part) + "\n"


def _verdicts(verdicts: Sequence[Verdict]) -> str:
    rows = [
        f'<tr><td class="{"met" if found.met else "wrong"}">{"met" if found.met else "not met"}</td>'
        f"<td>{escape(found.name)}</td>{_numbers([found.found, found.limit])}</tr>"
        for found in verdicts
    ]
    head = '<tr><th></th><th></th><th class="number">found</th><th class="number">allowed</th></tr>'
    return f"<h2>Thresholds</h2><table>{head}{''.join(rows)}</table>" if rows else ""


def _counts(results: Results) -> str:
    rows = {
        "due": f"{results.due:,}",
        "sent": f"{results.sent:,}",
        "successful": f"{results.successful:,}",
        "failed": f"{results.failed:,}",
        "not sent": f"{results.unsent:,}",
        "error rate (failed and not sent)": percent_text(results.error_rate),
        "intended requests a second": f"{results.intended_rate:.1f}",
        "successful requests a second": f"{results.reached_rate:.1f}",
        "seconds until the last answer": f"{results.elapsed_seconds:g}",
    }
    cells = "".join(f"<tr><td>{name}</td>{_numbers([value])}</tr>" for name, value in rows.items())
    cut = "The test was interrupted. " if results.interrupted else ""
    late = lateness(results)
    return (
        f"<h2>Requests</h2><table>{cells}</table><p>{cut}{escape(late[0].upper() + late[1:])}.</p>"
    )


def _latency(results: Results) -> str:
    rows = {
        "all requests": results.latency_ms,
        "successful requests": results.successful_latency_ms,
        "start delay": results.start_delay_ms,
    }
    head = "".join(f'<th class="number">{name}</th>' for name in results.latency_ms)
    body = "".join(
        f"<tr><td>{name}</td>{_numbers([f'{value:,.1f}' for value in values.values()])}</tr>"
        for name, values in rows.items()
        if values
    )
    return (
        f"<h2>Latency in ms</h2><table><tr><th></th>{head}</tr>{body}</table>"
        "<p>From the time at which a request was due until its answer. A request that was not sent counts "
        "with the time that it has waited.</p>"
    )


def _shares(heading: str, found: Sequence[Share], share_of: str) -> str:
    rows = "".join(
        f"<tr><td>{escape(item.name)}</td>{_numbers([f'{item.count:,}', percent_text(item.share)])}"
        f"<td>{escape(item.detail)}</td></tr>"
        for item in found
    )
    if not rows:
        return ""
    return f"<h2>{heading}</h2><p>Share {share_of}.</p><table>{rows}</table>"


def _numbers(values: Sequence[str]) -> str:
    return "".join(f'<td class="number">{escape(value)}</td>' for value in values)
