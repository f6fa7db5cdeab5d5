"""What the processes of containers use of the machine."""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

_PROC: Final = Path("/proc")
# proc(5), /proc/pid/stat, counted from the field after the name of the program.
_SESSION, _USER_TICKS, _SYSTEM_TICKS, _RESIDENT_PAGES = 3, 11, 12, 21


@dataclass(frozen=True)
class Usage:
    """The usage of some processes."""

    cpu_seconds: float = 0.0
    """Since they started."""
    memory_bytes: int = 0

    def __add__(self, other: Usage) -> Usage:
        return Usage(self.cpu_seconds + other.cpu_seconds, self.memory_bytes + other.memory_bytes)


def usage_of_sessions(leaders: Iterable[int]) -> dict[int, Usage]:
    """By process id of a session's leader, the usage of all processes of the session."""
    found = dict.fromkeys(leaders, Usage())
    ticks, page = os.sysconf("SC_CLK_TCK"), os.sysconf("SC_PAGE_SIZE")
    for entry in _PROC.glob("[0-9]*"):
        # A process may end meanwhile.
        with contextlib.suppress(OSError, IndexError):
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            session = int(fields[_SESSION])
            if session in found:
                cpu = (int(fields[_USER_TICKS]) + int(fields[_SYSTEM_TICKS])) / ticks
                found[session] += Usage(cpu, int(fields[_RESIDENT_PAGES]) * page)
    return found


def machine_memory() -> int:
    """The memory of this machine in bytes."""
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
