"""The version of the job code, and what a job does when it runs other code than its manifest names."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from landing_zone.sources import package
from ml.code_version import JOB_SCRIPTS, CodeVersionError, check_code_version, code_version
from tests.unit.workflow.conftest import ROOT, Run

WORKFLOW = ROOT / "workflow"


@pytest.fixture
def code(tmp_path: Path) -> Path:
    """A copy of the job code."""
    folder = tmp_path / "code"
    shutil.copytree(WORKFLOW, folder, ignore=shutil.ignore_patterns("__pycache__"))
    return folder


def test_it_is_that_of_the_content(tmp_path: Path) -> None:
    (tmp_path / "ml").mkdir()
    for name in (*JOB_SCRIPTS, "ml/b.py", "ml/a.py"):
        (tmp_path / name).write_text(name)
    first = code_version(tmp_path)
    assert re.fullmatch(r"[0-9a-f]{12}", first)
    (tmp_path / "ml" / "__pycache__").mkdir()
    (tmp_path / "README.md").write_text("not code")
    assert code_version(tmp_path) == first
    (tmp_path / "ml/a.py").write_text("changed")
    assert code_version(tmp_path) != first


def test_the_packaging_gives_the_code_the_same_version(tmp_path: Path) -> None:
    package.build(ROOT, tmp_path)
    packaged = (tmp_path / "code/CODE_VERSION").read_text().strip()
    assert packaged == code_version(WORKFLOW) == code_version(tmp_path / "code")


def test_it_needs_the_standard_library_alone() -> None:
    """The packaging runs in an environment without numpy."""
    done = subprocess.run(
        [sys.executable, "-I", "-S", "-c",
         f"import sys; sys.path.insert(0, {str(WORKFLOW)!r}); import ml.code_version"],
        capture_output=True,
        text=True,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr


def test_without_a_manifest_any_code_runs(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for value in (None, ""):
        if value is None:
            monkeypatch.delenv("CODE_VERSION", raising=False)
        else:
            monkeypatch.setenv("CODE_VERSION", value)
        check_code_version(str(code / "train.py"))


def test_the_code_that_the_manifest_names_runs(code: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CODE_VERSION", code_version(code))
    check_code_version(str(code / "train.py"))


@pytest.mark.parametrize(
    ("script", "reason_flag"),
    [("preprocess.py", "--message"), ("train.py", "--failure"), ("evaluate.py", "--message")],
)
def test_other_code_fails_at_the_start_of_each_job(
    code: Path, tmp_path: Path, script: str, reason_flag: str
) -> None:
    """An image that was built from other sources, for example."""
    (code / "ml/errors.py").write_text((code / "ml/errors.py").read_text() + "\n# changed\n")
    expected, found = code_version(WORKFLOW), code_version(code)
    done = subprocess.run(
        [sys.executable, code / script, reason_flag, tmp_path / "reason", "--config", tmp_path],
        capture_output=True,
        text=True,
        env={"CODE_VERSION": expected},
    )
    assert done.returncode != 0
    reason = (tmp_path / "reason").read_text()
    assert f"has version {found}, expected {expected} (CODE_VERSION" in reason
    assert "build it from the sources that were uploaded" in reason
    assert reason.strip() == done.stderr.strip()


def test_the_files_of_a_run_name_one_version(
    iris_run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    version = code_version(WORKFLOW)
    assert iris_run.json("model/model.json")["lineage"]["code_version"] == version
    assert iris_run.json("evaluation/evaluation.json")["model"]["code_version"] == version
    assert version in (iris_run.evaluation / "report.html").read_text()
    monkeypatch.setenv("CODE_VERSION", "0123456789ab")
    with pytest.raises(CodeVersionError, match="expected 0123456789ab"):
        iris_run.evaluate()
