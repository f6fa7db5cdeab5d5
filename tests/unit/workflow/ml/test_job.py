"""How a job ends: its exit code and the reason it leaves."""

from __future__ import annotations

import pytest

from ml import job
from ml.errors import JobError


def fail(error: Exception):
    def run() -> None:
        raise error

    return run


def test_success_leaves_no_reason(tmp_path):
    assert job.run(lambda: None, reason_file=tmp_path / "failure", exit_code=255) == 0
    assert not (tmp_path / "failure").exists()


def test_a_job_error_is_told_without_traceback(tmp_path, capsys):
    reason = tmp_path / "output" / "failure"
    assert job.run(fail(JobError("No data.")), reason_file=reason, exit_code=255) == 255
    assert reason.read_text() == "No data."
    assert capsys.readouterr().err == "No data.\n"


def test_a_fault_is_told_with_its_type_and_traceback(tmp_path, capsys):
    reason = tmp_path / "message"
    assert job.run(fail(ZeroDivisionError("by zero")), reason_file=reason, exit_code=1) == 1
    assert reason.read_text() == "ZeroDivisionError: by zero"
    assert "Traceback" in capsys.readouterr().err


def test_a_reason_that_cannot_be_written_is_still_told(tmp_path, capsys):
    (tmp_path / "file").write_text("")
    assert (
        job.run(fail(JobError("No data.")), reason_file=tmp_path / "file/failure", exit_code=1) == 1
    )
    assert "note: could not write" in capsys.readouterr().err


@pytest.mark.parametrize("text", ["é" * 2000, "a" * 2000, "€a" * 700, "\ud800" * 2000])
def test_a_long_reason_is_cut_between_characters(tmp_path, text):
    job.run(fail(JobError(text)), reason_file=tmp_path / "message", exit_code=1)
    content = (tmp_path / "message").read_bytes()
    assert 950 <= len(content) <= job.REASON_BYTES
    assert content.decode("utf-8").endswith("...")
