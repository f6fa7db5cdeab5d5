"""How `make app` starts the app."""

from __future__ import annotations

import argparse
import os
import subprocess
from pathlib import Path

import pytest

from app import __main__ as start
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT


def test_without_localaws_nothing_is_started(tmp_path: Path) -> None:
    environment = {"LOCALAWS_STATE_DIR": str(tmp_path), "PATH": os.environ["PATH"]}

    with pytest.raises(OperatorError, match=r"localaws does not run.*make local USE_CASE=reviews"):
        start.localaws_environment(environment)


def test_without_its_environment_the_app_says_how_to_make_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(start, "OWN_PYTHON", tmp_path / "python")

    with pytest.raises(OperatorError, match="run `make app`"):
        start.main(argparse.Namespace(aws=True, port=0), {})


def test_streamlit_takes_the_place_of_the_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[tuple[list[str], dict[str, str]]] = []
    python = tmp_path / "python"
    python.touch()
    monkeypatch.setattr(start, "OWN_PYTHON", python)
    monkeypatch.setattr(start.os, "execve", lambda _, command, env: started.append((command, env)))
    monkeypatch.chdir(tmp_path)

    start.main(argparse.Namespace(aws=True, port=8502), {"AWS_REGION": "eu-west-1"})

    [(command, environment)] = started
    assert command[1:4] == ["-m", "streamlit", "run"]
    assert command[-2:] == ["--server.port", "8502"]
    assert environment["AWS_REGION"] == "eu-west-1"
    assert str(ROOT / "workflow") in environment["PYTHONPATH"].split(os.pathsep)


def test_make_app_makes_the_environment_first() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "app"], cwd=ROOT, capture_output=True, text=True, check=True
    )

    commands = done.stdout.splitlines()
    assert commands.index("bash deployment-scripts/venv.sh app") < len(commands) - 1
    assert "-m app" in commands[-1]
