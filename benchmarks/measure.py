"""Run a command as a process of its own and measure it: seconds, processor time, peak memory."""

from __future__ import annotations

import importlib.metadata
import json
import os
import platform
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

MEBIBYTE = 1 << 20


class BenchmarkError(Exception):
    """A measured command failed, or its result is wrong: there is no figure to report."""


@dataclass(frozen=True)
class Usage:
    """What one process used. `peak` is the most memory it held at once, in bytes."""

    seconds: float
    processor: float
    peak: int


def run(
    arguments: Sequence[str | Path],
    environment: dict[str, str] | None = None,
    directory: Path | None = None,
) -> Usage:
    """Run a command to its end; a failing one raises BenchmarkError with the end of its output.

    ru_maxrss of wait4() is the kernel's own high-water mark of this one process, so nothing is missed
    between two samples. A process that starts others is not measured whole. The mark of a child starts
    at its parent's (both share the memory until the child's program starts), so the caller must be
    small: it makes data and checks results in processes of their own.
    """
    with tempfile.TemporaryFile() as output:
        start = time.perf_counter()
        process = subprocess.Popen(
            list(map(str, arguments)),
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            cwd=directory,
        )
        _, status, used = os.wait4(process.pid, 0)
        seconds = time.perf_counter() - start
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode != 0:
            output.seek(0)
            text = output.read().decode(errors="replace")
            raise BenchmarkError(
                f"{' '.join(map(str, arguments))} ended with {process.returncode}:\n{text[-2000:]}"
            )
    if used.ru_maxrss <= resource.getrusage(resource.RUSAGE_SELF).ru_maxrss:
        raise BenchmarkError(
            f"{arguments[1]} held less memory than this process, so its peak cannot be told. "
            "Make data and check results in processes of their own."
        )
    # Linux counts in kibibytes, macOS in bytes.
    unit = 1 if sys.platform == "darwin" else 1024
    return Usage(seconds, used.ru_utime + used.ru_stime, used.ru_maxrss * unit)


def median(usages: Sequence[Usage]) -> Usage:
    """The median of each figure for itself."""
    return Usage(
        statistics.median(usage.seconds for usage in usages),
        statistics.median(usage.processor for usage in usages),
        int(statistics.median(usage.peak for usage in usages)),
    )


def machine() -> dict[str, Any]:
    """Size and not name: figures may be published. The load says whether it was doing something else."""
    pages, size = os.sysconf("SC_PHYS_PAGES"), os.sysconf("SC_PAGE_SIZE")
    return {
        "cores": len(os.sched_getaffinity(0)) if sys.platform == "linux" else os.cpu_count(),
        "memory_gib": round(pages * size / (1 << 30), 1),
        "system": platform.system(),
        "architecture": platform.machine(),
        "load_average": round(os.getloadavg()[0], 1),
    }


def versions(*packages: str) -> dict[str, str]:
    found = {"python": platform.python_version()}
    for package in packages:
        try:
            found[package] = importlib.metadata.version(package)
        except importlib.metadata.PackageNotFoundError:
            found[package] = "not installed"
    return found


def as_dict(usage: Usage) -> dict[str, float]:
    return {
        "seconds": round(usage.seconds, 3),
        "processor_seconds": round(usage.processor, 3),
        "peak_mib": round(usage.peak / MEBIBYTE, 1),
    }


def markdown(header: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A table; every column but the first is right-aligned."""
    lines = [header, ["---", *["---:"] * (len(header) - 1)], *rows]
    return "\n".join("| " + " | ".join(map(str, line)) + " |" for line in lines)


def about(result: dict[str, Any]) -> str:
    size = result["machine"]
    libraries = ", ".join(f"{name} {version}" for name, version in result["versions"].items())
    return (
        f"{size['cores']} cores, {size['memory_gib']} GiB, {size['system']} {size['architecture']}; "
        f"load {size['load_average']} before; {libraries}; median of {result['repeats']}"
    )


def save(result: dict[str, Any], path: Path | None) -> None:
    if path is not None:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(json.dumps(result, indent=2) + "\n", encoding="utf-8")
