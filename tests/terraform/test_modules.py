"""infra/tests/*.tftest.hcl: every module on a mocked provider."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING

from python_terraform import IsFlagged

if TYPE_CHECKING:
    from tests.terraform.runner import Terraform

TESTS = Path(__file__).parents[2] / "infra/tests"


def test_terraform_test_passes_every_run(mocked: Terraform) -> None:
    code, out, err = mocked.cmd("test", json=IsFlagged)
    events = [json.loads(line) for line in out.splitlines()]
    problems = [
        f"{event.get('@testfile')} {event.get('@testrun')}: {event['diagnostic']['summary']}: "
        f"{event['diagnostic'].get('detail')}"
        for event in events
        if event.get("diagnostic", {}).get("severity") == "error"
    ]
    assert code == 0, "\n".join(problems) or err
    summary = next(event["test_summary"] for event in events if "test_summary" in event)
    written = sum(len(re.findall(r'^run "', p.read_text(), re.M)) for p in TESTS.glob("*.hcl"))
    assert (summary["passed"], summary["failed"], summary["skipped"]) == (written, 0, 0)
