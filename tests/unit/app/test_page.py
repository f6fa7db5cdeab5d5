"""The page, run by Streamlit's AppTest in the app's own environment: page_checks.py."""

from __future__ import annotations

import json
import os
import subprocess
from pathlib import Path

import pytest

from landing_zone.core.settings import ROOT

FOLDERS = (".", "workflow", "deployment-scripts")


def test_the_page(archive: Path) -> None:
    made = subprocess.run(
        ["bash", "deployment-scripts/venv.sh", "app"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    if made.returncode:
        pytest.skip(f".app cannot be made: {made.stderr.strip()[-300:]}")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": os.pathsep.join(str(ROOT / folder) for folder in FOLDERS),
    }
    done = subprocess.run(
        [ROOT / ".app/bin/python", Path(__file__).with_name("page_checks.py"), archive],
        cwd=ROOT, env=environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 7
    assert {name: problem for name, problem in found.items() if problem} == {}
