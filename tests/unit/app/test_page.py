"""The page, run by Streamlit's AppTest in the app's own environment: page_checks.py."""

from __future__ import annotations

import json
import subprocess
from pathlib import Path

from landing_zone.core.settings import ROOT


def test_the_page(archive: Path, own_python: Path, own_environment: dict[str, str]) -> None:
    done = subprocess.run(
        [own_python, Path(__file__).with_name("page_checks.py"), archive],
        cwd=ROOT, env=own_environment, capture_output=True, text=True, check=False, timeout=300,
    )  # fmt: skip

    assert done.returncode == 0, done.stdout + done.stderr
    found = json.loads(done.stdout)
    assert len(found) == 7
    assert {name: problem for name, problem in found.items() if problem} == {}
