"""Work that goes on after its request: a deployment that is followed, a run that waits for its data."""

from __future__ import annotations

import sys
import threading
import traceback
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.web.messages import RequestError
from landing_zone.core.errors import OperatorError

Say = Callable[[str], None]
# Finished tasks whose lines are kept.
_MOST = 50


@dataclass
class Task:
    """What is being done, and what it has said so far."""

    id: str
    title: str
    lines: list[str] = field(default_factory=list)
    # running, done or failed.
    status: str = "running"

    def as_json(self) -> dict[str, Any]:
        return {"id": self.id, "title": self.title, "lines": [*self.lines], "status": self.status}


class Tasks:
    """The tasks of this console.

    Args:
        announce: called after each line, so that the pages show it.
    """

    def __init__(self, announce: Callable[[], None] = lambda: None) -> None:
        self._announce = announce
        self._tasks: dict[str, Task] = {}
        self._lock = threading.Lock()

    def start(self, title: str, work: Callable[[Say], None]) -> dict[str, Any]:
        """Begin; `work` says lines, and its error is the last of them."""
        task = Task(uuid.uuid4().hex[:12], title)
        with self._lock:
            self._tasks[task.id] = task
            over = [item.id for item in self._tasks.values() if item.status != "running"]
            for identity in over[: max(0, len(self._tasks) - _MOST)]:
                del self._tasks[identity]
        threading.Thread(target=self._run, args=(task, work), daemon=True).start()
        return task.as_json()

    def read(self, identity: str) -> dict[str, Any]:
        with self._lock:
            task = self._tasks.get(identity)
        if task is None:
            raise RequestError(f"there is no task {identity}: the console has been restarted", 404)
        return task.as_json()

    def _run(self, task: Task, work: Callable[[Say], None]) -> None:
        def say(line: str) -> None:
            task.lines.append(line)
            self._announce()

        status = "failed"
        try:
            work(say)
            status = "done"
        except (OperatorError, RequestError, BotoCoreError, ClientError) as error:
            say(str(error))
        except Exception as error:
            traceback.print_exc(file=sys.stderr)
            say(f"the console has failed: {type(error).__name__}, see its terminal")
        finally:
            task.status = status
            self._announce()
