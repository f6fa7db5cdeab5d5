"""infra/tests/*.tftest.hcl and cicd/tests/*.tftest.hcl: every module on a mocked provider."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from python_terraform import IsFlagged

if TYPE_CHECKING:
    from tests.terraform.runner import Terraform

ROOT = Path(__file__).parents[2]


def test_terraform_test_passes_every_run(mocked: Terraform) -> None:
    every_run_passes(mocked, "infra")


def test_terraform_test_passes_every_run_of_the_pipeline(mocked_cicd: Terraform) -> None:
    every_run_passes(mocked_cicd, "cicd")


def every_run_passes(terraform: Terraform, root: str) -> None:
    code, out, err = terraform.cmd("test", json=IsFlagged)
    events = [json.loads(line) for line in out.splitlines()]
    problems = [
        f"{event.get('@testfile')} {event.get('@testrun')}: {event['diagnostic']['summary']}: "
        f"{event['diagnostic'].get('detail')}"
        for event in events
        if event.get("diagnostic", {}).get("severity") == "error"
    ]
    assert code == 0, "\n".join(problems) or err
    summary = next(event["test_summary"] for event in events if "test_summary" in event)
    tests = ROOT / root / "tests"
    written = sum(len(re.findall(r'^run "', p.read_text(), re.M)) for p in tests.glob("*.hcl"))
    assert (summary["passed"], summary["failed"], summary["skipped"]) == (written, 0, 0)
