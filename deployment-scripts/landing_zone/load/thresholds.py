"""The limits that decide whether a load test has passed."""

from __future__ import annotations

from dataclasses import dataclass

from landing_zone.load.results import Results, percent_text


@dataclass(frozen=True)
class Limits:
    """None where there is no limit."""

    max_p99_ms: float | None = None
    max_error_rate: float | None = None
    min_rate: float | None = None


@dataclass(frozen=True)
class Verdict:
    """One limit, what was found, and whether the limit is met."""

    name: str
    limit: str
    found: str
    met: bool

    def __str__(self) -> str:
        return f"{'met' if self.met else 'NOT MET'}: {self.name} {self.found}, allowed {self.limit}"


def judge(results: Results, limits: Limits) -> tuple[Verdict, ...]:
    """A verdict for each limit, and one that says so when a test was interrupted or had no success at all."""
    verdicts = []
    if limits.max_p99_ms is not None:
        verdicts.append(_latency(results, limits.max_p99_ms))
    if limits.max_error_rate is not None:
        verdicts.append(
            Verdict(
                "error rate",
                f"at most {percent_text(limits.max_error_rate)}",
                percent_text(results.error_rate),
                results.error_rate <= limits.max_error_rate,
            )
        )
    if limits.min_rate is not None:
        verdicts.append(
            Verdict(
                "successful requests a second",
                f"at least {limits.min_rate:g}",
                f"{results.reached_rate:.1f}",
                results.reached_rate >= limits.min_rate,
            )
        )
    if not results.successful:
        verdicts.append(Verdict("successful requests", "at least 1", "0", False))
    if results.interrupted:
        verdicts.append(Verdict("test", "complete", "interrupted", False))
    return tuple(verdicts)


def _latency(results: Results, limit: float) -> Verdict:
    """Errors may be faster than answers, and time-outs slower: the limit holds with and without them."""
    found = max(
        results.latency_ms.get("p99", 0.0), results.successful_latency_ms.get("p99", float("inf"))
    )
    text = "unknown" if found == float("inf") else f"{found:,.1f} ms"
    return Verdict("p99 latency", f"at most {limit:g} ms", text, found <= limit)
