"""protect-repository.sh, with a gh that records."""

from __future__ import annotations

import json
import os
import re
import subprocess
from pathlib import Path

import pytest

from landing_zone.core.settings import ROOT

SCRIPT = ROOT / "deployment-scripts/protect-repository.sh"
GH = """#!/usr/bin/env bash
printf '%s\\n' "$*" >> "$RECORD/calls"
if [[ "$*" == *"--input -"* ]]; then cat > "$RECORD/$RANDOM$RANDOM.json"; fi
if [[ "$*" == *"/teams/"* ]]; then echo 42; fi
"""
COMPLETE = {"--repository": "example-org/zone", "--reviewers": "ml", "--account": "123456789012"}


def run(folder: Path, *more: str, **changes: str) -> subprocess.CompletedProcess[str]:
    (folder / "gh").write_text(GH)
    (folder / "gh").chmod(0o755)
    given = {**COMPLETE, **{f"--{name}": value for name, value in changes.items()}}
    arguments = [part for pair in given.items() for part in pair]
    path = f"{folder}{os.pathsep}{os.environ['PATH']}"
    return subprocess.run(
        ["bash", str(SCRIPT), *arguments, *more],
        env={"PATH": path, "RECORD": str(folder)},
        capture_output=True, text=True, check=False,
    )  # fmt: skip


def calls(folder: Path) -> list[str]:
    return (folder / "calls").read_text().splitlines()


def test_without_yes_nothing_is_changed(tmp_path):
    done = run(tmp_path)
    assert done.returncode == 0, done.stderr
    assert calls(tmp_path) == ["api orgs/example-org/teams/ml --jq .id"]
    assert "nothing was changed" in done.stdout
    assert "branches/main/protection" in done.stdout


def test_with_yes_branches_and_environments_are_protected(tmp_path):
    done = run(tmp_path, "--yes")
    assert done.returncode == 0, done.stderr
    made = "\n".join(calls(tmp_path))
    for branch in ("main", "staging", "development"):
        assert f"--method PUT repos/example-org/zone/branches/{branch}/protection" in made
    names = {"production", "staging", "development", "drift", "evaluation", "deploy-candidate"}
    assert set(re.findall(r"/environments/([\w-]+)", made)) == names
    bodies = [json.loads(path.read_text()) for path in tmp_path.glob("*.json")]
    protections = [body for body in bodies if "required_status_checks" in body]
    checks = {check["context"] for check in protections[0]["required_status_checks"]["checks"]}
    assert (len(protections), checks) == (3, {"Lint", "Test", "Plan"})
    reviewed = [body for body in bodies if body.get("reviewers")]
    assert [body["reviewers"] for body in reviewed] == [[{"type": "Team", "id": 42}]] * 4


def test_the_environments_and_checks_are_those_of_the_workflows(tmp_path):
    text = "\n".join(path.read_text() for path in (ROOT / ".github/workflows").glob("*.yml"))
    for name in ("drift", "evaluation", "deploy-candidate"):
        assert f"environment: {name}\n" in text
    for check in ("Lint", "Test", "Plan"):
        assert f"name: {check}\n" in text


@pytest.mark.parametrize(
    ("changes", "words"),
    [
        ({"repository": "zone"}, "allowed: OWNER/NAME"),
        ({"reviewers": "a team"}, "allowed: the slug of a team"),
        ({"account": "12"}, "allowed: 12 digits"),
        ({"colour": "red"}, "is unknown"),
    ],
)
def test_a_wrong_option_is_named(tmp_path, changes, words):
    done = run(tmp_path, "--yes", **changes)
    assert done.returncode == 2
    assert words in done.stderr
    assert not (tmp_path / "calls").exists()
