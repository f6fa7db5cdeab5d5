"""The environment variables of a container. None come from the shell that started localaws."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

from localaws.services.ecr.pushed_images import PushedImage

_SYSTEM_PATH = ("/usr/local/bin", "/usr/bin", "/bin", "/usr/local/sbin", "/usr/sbin", "/sbin")
_THREAD_VARIABLES = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS")


def cpu_count() -> int:
    """The processors this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def python_directory(work_dir: Path) -> Path:
    """A directory whose ``python`` and ``python3`` are the interpreter that runs localaws.

    They are scripts, because Python does not find its virtual environment through a link from elsewhere.
    """
    directory = work_dir / "bin"
    if not (directory / "python").exists():
        directory.mkdir(parents=True, exist_ok=True)
        for name in ("python3", "python"):
            script = directory / f".{name}"
            script.write_text(f'#!/bin/sh\nexec "{sys.executable}" "$@"\n', encoding="utf-8")
            script.chmod(0o755)
            script.replace(directory / name)
    return directory


def container_environment(
    work_dir: Path,
    scratch: Path,
    *layers: Mapping[str, str],
    path: Iterable[Path] = (),
    threads: int | None = None,
    image: PushedImage | None = None,
) -> dict[str, str]:
    """The full environment of a process.

    Args:
        work_dir: the service's scratch directory.
        scratch: the container's own directory, its HOME.
        layers: further variables. Later ones win.
        path: directories to search before all others.
        threads: the threads of each mathematics library; one for each processor when None. More threads than
            processors slow everything down.
        image: the container has the variables of this image instead of those of this machine.
    """
    environment = {
        # AWS sets no such variable. But localaws is a local tool, and a program that a person runs on it
        # should not report that to anybody: without it, importing onnxruntime makes a device id and
        # starts a thread that uploads events. A job can set it to 0.
        "ORT_DISABLE_TELEMETRY": "1",
        **dict.fromkeys(_THREAD_VARIABLES, str(threads or cpu_count())),
    }
    if image is not None:
        environment |= image.config.env
    else:
        directories = [*map(str, path), str(python_directory(work_dir)), *_SYSTEM_PATH]
        environment |= {
            "PATH": ":".join(directories),
            "HOME": str(scratch),
            "TMPDIR": str(scratch),
            "LANG": "C.UTF-8",
            "PYTHONUNBUFFERED": "1",
            "PYTHONDONTWRITEBYTECODE": "1",
        }
    for layer in layers:
        environment.update(layer)
    return environment
