"""onnxruntime's telemetry is off wherever our code loads it."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[5]
LOADED = "import threading; print(len(os.listdir('/proc/self/task')) - threading.active_count())"


def started(module: str, home: Path, **variables: str) -> int:
    """Import a module with this home; returns how many threads it started beside Python's own."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT / "workflow"),
        "HOME": str(home),
        "OMP_NUM_THREADS": "1",
        "OPENBLAS_NUM_THREADS": "1",
        **variables,
    }
    done = subprocess.run(
        [sys.executable, "-c", f"import os; import {module}; {LOADED}"],
        env=environment,
        capture_output=True,
        text=True,
        check=True,
    )
    return int(done.stdout)


@pytest.mark.parametrize(
    "module", ["ml.export.onnx_session", "serving.predictor", "serving.worker"]
)
def test_it_leaves_nothing_and_starts_nothing(module: str, tmp_path: Path) -> None:
    assert started(module, tmp_path) == 0
    assert list(tmp_path.iterdir()) == []


def test_it_is_imported_in_one_place() -> None:
    found = [
        path.relative_to(ROOT).as_posix()
        for folder in ("workflow", "benchmarks")
        for path in (ROOT / folder).rglob("*.py")
        if "import onnxruntime" in path.read_text().replace("`import onnxruntime`", "")
    ]
    assert found == ["workflow/ml/export/onnx_session.py"]


def test_the_image_switches_it_off_for_every_process() -> None:
    assert "ORT_DISABLE_TELEMETRY=1" in (ROOT / "workflow/container/Dockerfile").read_text()
