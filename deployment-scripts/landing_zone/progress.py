"""Shows a run while it goes: a table that redraws itself on a terminal, a line for each change elsewhere."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.markup import escape
from rich.table import Table

from landing_zone.jobs import Step
from landing_zone.runs import NOT_STARTED, Action, Run

_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    "InProgress": "yellow",
    NOT_STARTED: "bright_black",
    "Abandoned": "red",
}


class Progress(Protocol):
    """Something that shows a run each time it is read."""

    def show(self, run: Run) -> None: ...

    def say(self, text: str) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class Lines:
    """A line for each change: for logs, pipes and CI."""

    def __init__(
        self,
        write: Callable[[str], None] = lambda line: print(line, flush=True),
        now: Callable[[], datetime] = lambda: datetime.now(UTC),
    ) -> None:
        self._write = write
        self._now = now
        self._shown: set[tuple[str, ...]] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        """Nothing to close."""

    def show(self, run: Run) -> None:
        for line in _changes(run, self._now()):
            # The time in a line differs each time: what was shown is what the line is about.
            if line[:-1] not in self._shown:
                self._shown.add(line[:-1])
                self._write(f"{self._now():%H:%M:%S}  {line[-1]}")

    def say(self, text: str) -> None:
        self._write(text)


class Screen:
    """The whole run as a table that redraws itself."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, run: Run) -> None:
        self._live.update(table(run, datetime.now(UTC)), refresh=True)

    def say(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)


def make_progress() -> Progress:
    """A table on a terminal, lines elsewhere."""
    return Screen() if sys.stdout.isatty() else Lines()


def table(run: Run, now: datetime) -> Table:
    """Stage, action, job, status, time, and where to look."""
    made = Table(title=f"run {run.id}  {run.status}", title_justify="left", expand=True)
    for name in ("stage", "action, job", "status"):
        made.add_column(name, overflow="fold")
    made.add_column("time", justify="right", no_wrap=True)
    made.add_column("where to look", overflow="fold")
    stage = ""
    for action in run.actions:
        made.add_row(
            action.stage if action.stage != stage else "",
            action.name + (f" (try {action.attempts})" if action.attempts > 1 else ""),
            _coloured(_status(action)),
            duration(action.started, action.ended, now),
            escape(action.error),
        )
        stage = action.stage
        for step in action.steps:
            made.add_row(
                "",
                escape(f"  {step.state}: {step.name}"),
                _coloured(step.status),
                duration(step.started, step.ended, now),
                escape(f"log group {step.log_group}" if step.log_group else ""),
            )
    return made


def duration(started: datetime | None, ended: datetime | None, now: datetime) -> str:
    """Seconds as a person says them."""
    if started is None:
        return ""
    seconds = max(0.0, ((ended or now) - started).total_seconds())
    if seconds < 60:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    return (
        f"{minutes} min {rest:02d} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"
    )


def _changes(run: Run, now: datetime) -> Iterator[tuple[str, ...]]:
    """(what, state, ..., the line) for each thing that has begun."""
    for action in run.actions:
        if action.status == NOT_STARTED:
            continue
        head = f"{action.stage} / {action.name}"
        for step in action.steps:
            taken = duration(step.started, step.ended, now) if step.ended else ""
            yield (
                head,
                step.state,
                step.name,
                step.status,
                _line(f"  {step.state} {step.name}", step.status, taken, _reason(step)),
            )
        taken = duration(action.started, action.ended, now) if action.ended else ""
        yield (
            head,
            str(action.attempts),
            _status(action),
            _line(head, _status(action), taken, action.error),
        )


def _reason(step: Step) -> str:
    return step.error or (
        f"log group {step.log_group}" if step.log_group and not step.ended else ""
    )


def _line(what: str, status: str, taken: str, more: str) -> str:
    return f"{what:<62}  {status:<18} {taken:>10}  {more}".rstrip()


def _status(action: Action) -> str:
    return "waits for approval" if action.waits else action.status


def _coloured(status: str) -> str:
    return f"[{_COLOURS.get(status, 'yellow')}]{status}[/]"
