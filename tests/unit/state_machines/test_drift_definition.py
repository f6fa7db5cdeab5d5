"""The state machine `drift`: what the interpreter cannot see. test_drift.py in tests/local runs it."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

ROOT = Path(__file__).resolve().parents[3]
TEXT = (ROOT / "workflow/state_machines/drift.asl.json").read_text()
TERRAFORM = (ROOT / "infra/modules/monitoring/main.tf").read_text()
DEFINITION: dict[str, Any] = json.loads(TEXT)
STATES: dict[str, dict[str, Any]] = DEFINITION["States"]
TASKS = [name for name, state in STATES.items() if state["Type"] == "Task"]


@pytest.mark.filterwarnings("ignore")
def test_the_interpreter_reads_it() -> None:
    AmazonStateLanguageParser.parse(re.sub(r"\$\{(\w+)\}", r"\1", TEXT))


def test_terraform_gives_every_variable_of_the_template() -> None:
    template = TERRAFORM[TERRAFORM.index("templatefile(") :]
    given = set(re.findall(r"^    (\w+) += ", template[: template.index("})")], re.MULTILINE))
    assert set(re.findall(r"\$\{(\w+)\}", TEXT)) == given


def test_every_state_can_be_reached() -> None:
    reached: set[str] = set()
    waiting = [DEFINITION["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        state = STATES[name]
        waiting += [state[key] for key in ("Next", "Default") if key in state]
        waiting += [rule["Next"] for key in ("Choices", "Catch") for rule in state.get(key, [])]
    assert reached == set(STATES)


@pytest.mark.parametrize("name", TASKS)
def test_a_task_ends_in_time_and_says_why_it_failed(name: str) -> None:
    state = STATES[name]
    assert 0 < state["TimeoutSeconds"] <= DEFINITION["TimeoutSeconds"]
    retried = {error for retrier in state["Retry"] for error in retrier["ErrorEquals"]}
    assert retried.isdisjoint({"States.ALL", "States.TaskFailed"})
    (catcher,) = state["Catch"]
    assert catcher["ErrorEquals"] == ["States.ALL"]
    assert "$.Failure.Cause" in STATES[catcher["Next"]]["CausePath"]


def test_the_job_is_isolated_encrypted_and_tagged() -> None:
    request = STATES["Compare"]["Parameters"]
    assert request["NetworkConfig"] == {"EnableNetworkIsolation": True}
    assert request["ProcessingOutputConfig"]["KmsKeyId"] == "${kms_key_arn}"
    assert request["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == "${kms_key_arn}"
    assert request["Environment"] == {"CODE_VERSION.$": "$.Plan.CodeVersion"}
    assert [tag["Key"] for tag in request["Tags"]] == [
        "RunId", "UseCase", "CodeVersion", "Environment",
    ]  # fmt: skip
