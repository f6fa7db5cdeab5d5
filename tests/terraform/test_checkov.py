"""checkov on the shipped Terraform: nothing fails, and each waiver says why."""

from __future__ import annotations

import json
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
CHECKOV = ROOT / ".checkov/bin/checkov"


def installed(program: Path = CHECKOV) -> Path:
    """checkov's path; without it, a failure that names the command to run, never a skip."""
    if not program.exists():
        pytest.fail(
            f"checkov is not installed: {program} does not exist. Run `make venv-checkov` "
            "(`make test` and `make checkov` do it first).",
            pytrace=False,
        )
    return program


def scan(*options: str) -> dict[str, Any]:
    run = subprocess.run(
        [installed(), "--config-file", ROOT / ".checkov.yaml", "--output", "json", *options],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.stdout.startswith("{"), run.stdout + run.stderr
    return json.loads(run.stdout)


@pytest.fixture(scope="module", params=["infra", "cicd"])
def report(request: pytest.FixtureRequest) -> dict[str, Any]:
    return {"root": request.param, **scan("--directory", str(ROOT / request.param))}


def test_a_missing_checkov_fails_with_the_command_to_run(tmp_path: Path) -> None:
    with pytest.raises(pytest.fail.Exception, match="make venv-checkov"):
        installed(tmp_path / "checkov")


def test_make_test_installs_checkov_first() -> None:
    done = subprocess.run(
        ["make", "--dry-run", "test"], cwd=ROOT, capture_output=True, text=True, check=True
    )
    commands = done.stdout.splitlines()
    assert commands.index("bash deployment-scripts/venv.sh checkov") < len(commands) - 1
    assert "-m pytest" in commands[-1]


def test_nothing_fails(report: dict[str, Any]) -> None:
    failed = [f"{c['check_id']} {c['resource']}" for c in report["results"]["failed_checks"]]
    assert failed == []
    assert report["summary"]["parsing_errors"] == 0
    # An empty report would have no failed checks either.
    assert report["summary"]["passed"] > 100


def test_each_waiver_has_a_reason_and_is_needed(report: dict[str, Any]) -> None:
    used = {
        (check["file_path"].lstrip("/"), check["check_id"])
        for check in report["results"]["skipped_checks"]
    }
    written = {}
    root = ROOT / report["root"]
    for path in sorted(root.rglob("*.tf")):
        for rule, reason in re.findall(r"#checkov:skip=(\w+):?(.*)", path.read_text()):
            written[(str(path.relative_to(root)), rule)] = reason
    # cicd/ uses modules of infra/, whose waivers are checked there.
    assert set(written) == {
        (file, rule) for file, rule in used if "../" not in file and "infra/" not in file
    }
    assert [key for key, reason in written.items() if len(reason.split()) < 6] == []


def test_an_open_bucket_would_be_found(tmp_path: Path) -> None:
    (tmp_path / "main.tf").write_text('resource "aws_s3_bucket" "open" {\n  bucket = "open"\n}\n')
    report = scan("--directory", str(tmp_path))
    assert "CKV2_AWS_6" in {check["check_id"] for check in report["results"]["failed_checks"]}
