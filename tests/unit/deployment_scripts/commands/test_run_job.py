"""run_job.py continues in the environment that has the SDK."""

from __future__ import annotations

from pathlib import Path

import pytest

from landing_zone.commands import run_job
from landing_zone.core.errors import OperatorError


def test_without_the_sdk_the_error_names_the_command(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    monkeypatch.setattr(run_job, "OWN_PYTHON", tmp_path / "python")
    with pytest.raises(OperatorError, match="make venv-sagemaker"):
        run_job.use_sdk_python()

    called: list[list[str]] = []
    (tmp_path / "python").touch()
    monkeypatch.setattr("os.execv", lambda _, arguments: called.append(arguments))
    monkeypatch.setattr("sys.orig_argv", ["python", "run_job.py", "--role", "x"])
    run_job.use_sdk_python()
    assert called == [[str(tmp_path / "python"), "run_job.py", "--role", "x"]]
