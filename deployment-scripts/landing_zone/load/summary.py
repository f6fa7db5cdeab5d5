"""The results of a load test as a short text."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from landing_zone.load.results import Results, Share, percent_text
from landing_zone.load.sender import LATE_SECONDS
from landing_zone.load.thresholds import Verdict

_LATE = f"{LATE_SECONDS * 1000:g} ms"


def lateness(results: Results) -> str:
    """What was not sent in time, and why."""
    if not results.late:
        return f"no request was sent more than {_LATE} late"
    return (
        f"{results.late:,} requests were sent more than {_LATE} late: "
        f"{results.late_without_connection:,} waited for a free connection, "
        f"{results.late_by_this_machine:,} were held up by this machine"
    )


def as_text(title: str, load: str, results: Results, verdicts: Sequence[Verdict]) -> str:
    """The text that is printed at the end."""
    return "\n".join([f"{title}: {load}", *_lines(results), *(f"  {found}" for found in verdicts)])


def _lines(results: Results) -> Iterator[str]:
    if results.interrupted:
        yield f"  interrupted after {results.elapsed_seconds:g} s"
    yield (
        f"  {results.due:,} due, {results.sent:,} sent, {results.successful:,} successful, "
        f"{results.failed:,} failed, {results.unsent:,} not sent; "
        f"error rate {percent_text(results.error_rate)}"
    )
    yield (
        f"  {results.reached_rate:.1f} successful requests a second of {results.intended_rate:.1f} intended, "
        f"in {results.elapsed_seconds:g} s"
    )
    yield f"  {lateness(results)}"
    yield from _latency(results)
    yield from _shares("error", results.errors)
    yield from _shares("variant", results.variants)


def _latency(results: Results) -> Iterator[str]:
    rows = (
        ("all", results.latency_ms),
        ("successful", results.successful_latency_ms),
        ("start delay", results.start_delay_ms),
    )
    names = list(results.latency_ms)
    if names:
        yield f"  {'latency in ms':<14}" + "".join(f"{name:>11}" for name in names)
    for title, values in rows:
        if values:
            yield f"  {title:<14}" + "".join(f"{values[name]:>11,.1f}" for name in names)


def _shares(title: str, found: Sequence[Share]) -> Iterator[str]:
    for item in found:
        detail = f"  {item.detail}" if item.detail else ""
        yield f"  {title} {item.name}: {item.count:,} ({percent_text(item.share)}){detail}"
