"""A load test while it runs: one line, redrawn each second; in a log, a line every ten seconds."""

from __future__ import annotations

from typing import TextIO

from landing_zone.load.results import percentile
from landing_zone.load.schedule import Load
from landing_zone.load.sender import Record

_SECONDS_IN_A_LOG = 10


class Progress:
    """Shows a record each time it is called."""

    def __init__(self, load: Load, stream: TextIO) -> None:
        self._load = load
        self._stream = stream
        self._calls = 0
        self._seen = 0
        self._at = 0.0

    def __call__(self, record: Record, elapsed: float) -> None:
        self._calls += 1
        on_terminal = self._stream.isatty()
        if not on_terminal and self._calls % _SECONDS_IN_A_LOG:
            return
        line = self._line(record, elapsed)
        # CSI K erases what is left of a longer line.
        self._stream.write(f"\r{line}\x1b[K" if on_terminal else f"{line}\n")
        self._stream.flush()

    def end(self) -> None:
        """Leave the line that is redrawn."""
        if self._calls and self._stream.isatty():
            self._stream.write("\n")

    def _line(self, record: Record, elapsed: float) -> str:
        """Totals, and the rate and the p99 since the last line."""
        sent = len(record.due)
        latest = sorted(record.latency[self._seen :])
        rate = len(latest) / max(elapsed - self._at, 1e-9)
        self._seen, self._at = sent, elapsed
        p99 = f"{percentile(latest, 99) * 1000:,.1f} ms" if latest else "-"
        late = record.late_without_connection + record.late_by_this_machine
        return (
            f"{elapsed:5.0f} s  {sent:,} of {self._load.requests:,}  {rate:,.0f}/s  p99 {p99}  "
            f"failed {sum(record.failed):,}  late {late:,}"
        )
