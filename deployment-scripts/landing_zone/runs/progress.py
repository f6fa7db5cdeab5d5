"""Shows a run in progress: redrawn in place on a terminal, elsewhere with one line for each change."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from types import TracebackType
from typing import Protocol, Self

from rich.console import Console
from rich.live import Live
from rich.text import Text

from landing_zone.runs.history import Step
from landing_zone.runs.run import NOT_STARTED, Action, Run

_COLOURS = {
    "Succeeded": "green",
    "Failed": "red",
    "InProgress": "yellow",
    NOT_STARTED: "bright_black",
    "Abandoned": "red",
}


class Progress(Protocol):
    """Shows a run each time it has been read."""

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
    """One line for each change: for logs, pipes and CI."""

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
            # The last item is the line itself, in which the time differs each time.
            if line[:-1] not in self._shown:
                self._shown.add(line[:-1])
                self._write(f"{self._now():%H:%M:%S}  {line[-1]}")

    def say(self, text: str) -> None:
        self._write(text)


class Screen:
    """The whole run, redrawn in place."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console()
        self._live = Live(console=self._console, auto_refresh=False, transient=False)

    def __enter__(self) -> Self:
        self._live.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._live.stop()

    def show(self, run: Run) -> None:
        self._live.update(picture(run, datetime.now(UTC)), refresh=True)

    def say(self, text: str) -> None:
        self._live.console.print(text, markup=False, highlight=False)


def make_progress() -> Progress:
    """The screen on a terminal, lines elsewhere."""
    return Screen() if sys.stdout.isatty() else Lines()


def picture(run: Run, now: datetime) -> Text:
    """Stages, actions and jobs with status, time and log group; fits into 80 columns."""
    made = Text()
    made.append(f"run {run.id}", "bold")
    made.append(f"  {run.status}\n", _COLOURS.get(run.status, "yellow"))
    stage = ""
    for action in run.actions:
        if action.stage != stage:
            made.append(f"{action.stage}\n", "bold")
            stage = action.stage
        again = f" (try {action.attempts})" if action.attempts > 1 else ""
        taken = duration(action.started, action.ended, now)
        _append(made, f"  {action.name}{again}", _status(action), taken)
        for step in action.steps:
            _append(made, f"    {step.state}", step.status, duration(step.started, step.ended, now))
            if step.status != "Succeeded":
                made.append(f"      {step.name}\n", "dim")
                made.append(f"      log group {step.log_group}\n" if step.log_group else "", "dim")
            if step.error:
                made.append(f"      {step.error}\n", "red")
        if action.error:
            made.append(f"    {action.error}\n", "red")
    return made


def _append(text: Text, what: str, status: str, taken: str) -> None:
    text.append(f"{what:<48}")
    text.append(f"{status:<18}", _COLOURS.get(status, "yellow"))
    text.append(f"{taken:>12}\n")


def duration(started: datetime | None, ended: datetime | None, now: datetime) -> str:
    """The time from start to end, or until now, as people write it."""
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
    """For each action and step that has started: what identifies its state, then the line that shows it."""
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
