"""Follows a run to its end; answers its approvals, or prints the commands that do."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING

from landing_zone.core.errors import OperatorError
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.run import Action, Run

if TYPE_CHECKING:
    # It imports rich, eight megabytes that a process without a terminal does not need.
    from landing_zone.runs.progress import Progress

# Returns the summary to approve with, or None to leave the approval to a person.
Approver = Callable[[Run, Action], str | None]


def interval(is_local: bool) -> float:
    """Seconds between two requests: AWS throttles them, a process on this machine does not."""
    return 0.4 if is_local else 10.0


def how_to_answer(run: Run, action: Action) -> str:
    """The commands that answer a waiting approval."""
    return (
        f"waits for {action.name}: see the evidence and answer with\n"
        f"  python deployment-scripts/approve.py {action.name} --run {run.id}\n"
        f"  python deployment-scripts/reject.py {action.name} --run {run.id}"
    )


def leave_to_people(_: Run, __: Action) -> str | None:
    """The approver that answers nothing."""
    return None


def follow(
    pipeline: Pipeline,
    run_id: str,
    progress: Progress,
    *,
    seconds: float,
    approver: Approver = leave_to_people,
    each: Callable[[Run], None] | None = None,
    explain: Callable[[Run, Action], str] = how_to_answer,
    sleep: Callable[[float], None] = time.sleep,
) -> Run:
    """Show the run until it is over, then return it; `each` is called each time it has been read."""
    asked: set[str] = set()
    while True:
        run = pipeline.read(run_id)
        progress.show(run)
        if each:
            each(run)
        if run.is_over:
            return run
        waiting = run.waiting
        if waiting and waiting.token not in asked:
            asked.add(waiting.token)
            summary = approver(run, waiting)
            if summary is None:
                progress.say(explain(run, waiting))
            else:
                pipeline.answer(waiting, approved=True, summary=summary)
                continue
        sleep(seconds)


def require_success(run: Run, bad_row: str = "") -> None:
    """Raise an error with the reason and the next steps; `bad_row` is what a transform job refused."""
    if run.status == "Succeeded":
        return
    failed = run.failed
    if failed is None:
        raise OperatorError(f"run {run.id} ended as {run.status}")
    job = next(iter(run.failed_steps), None)
    lines = [f"run {run.id} failed in {failed.stage} / {failed.name}:", f"  {failed.error}"]
    if bad_row:
        lines.append(f"  {bad_row}")
    if job and job.log_group:
        lines.append(f"logs of the job:  python deployment-scripts/status.py --logs {job.name}")
    what = "--inference FILE" if bad_row else "FILE"
    lines += [
        f"other data:       python deployment-scripts/upload_data.py {what} --run {run.id}",
        "try again:        python deployment-scripts/retry_run.py --run " + run.id,
    ]
    raise OperatorError("\n".join(lines))
