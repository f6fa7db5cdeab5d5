"""The state machines as documents: readable by the interpreter, complete, and in step with the manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from moto.stepfunctions.parser.asl.parse.asl_parser import AmazonStateLanguageParser

from common.manifest import CREATE_SCHEMA, UPDATE_SCHEMA, keys_of_a_run, load_schema
from update_schema.service import RESULT_KEYS

FOLDER = Path(__file__).resolve().parents[3] / "workflow/state_machines"
FUNCTION = "arn:aws:lambda:eu-west-1:123456789012:function"
VARIABLES = {
    "deploy_arn": "arn:aws:states:eu-west-1:123456789012:stateMachine:ml-core-development-deploy",
    "kms_key_arn": "arn:aws:kms:eu-west-1:123456789012:key/11111111-2222-3333-4444-555555555555",
    "plan_deployment_arn": f"{FUNCTION}:ml-core-development-plan-deployment",
    "prefix": "ml-core-development",
    "sagemaker_role_arn": "arn:aws:iam::123456789012:role/ml-core-development-sagemaker",
    "test_endpoint_arn": f"{FUNCTION}:ml-core-development-test-endpoint",
}
# What a machine writes into its own state before it reads it.
OWN_KEYS = {
    "deploy": {"Plan", "Test"},
    "inference": {"Job", "Manifest", "ModelData", "Result"},
    "training": {"ScriptMode", "Training", "Evaluation", "Package", "Result", "Manifest"},
}
FAILURE_KEYS = {"Failure", "Step", "Read"}
INPUT = {
    # It passes its input to plan_deployment, which checks it.
    "deploy": [],
    "training": keys_of_a_run(load_schema("manifest.schema.json"), CREATE_SCHEMA),
    "inference": keys_of_a_run(load_schema("manifest.schema.json"), UPDATE_SCHEMA),
}
MACHINES = sorted(INPUT)


def rendered(machine: str) -> str:
    """As Terraform's templatefile renders it."""
    text = (FOLDER / f"{machine}.asl.json").read_text()
    return re.sub(r"(?<!\$)\$\{(\w+)\}", lambda match: VARIABLES[match[1]], text)


def states(machine: str) -> dict[str, dict[str, Any]]:
    """Every state, those within a Map too: names are unique in a definition."""
    found: dict[str, dict[str, Any]] = json.loads(rendered(machine))["States"]
    return found | nested(machine)


def nested(machine: str) -> dict[str, dict[str, Any]]:
    """The states within Maps. Their failures are caught by the Map."""
    top: dict[str, dict[str, Any]] = json.loads(rendered(machine))["States"]
    return {
        name: state
        for outer in top.values()
        for name, state in outer.get("ItemProcessor", {}).get("States", {}).items()
    }


def every_state() -> list[Any]:
    return [
        pytest.param(machine, name, id=f"{machine}-{name}")
        for machine in MACHINES
        for name in states(machine)
    ]


def targets(state: dict[str, Any]) -> Iterator[str]:
    for key in ("Next", "Default"):
        if key in state:
            yield state[key]
    for rule in (*state.get("Choices", ()), *state.get("Catch", ())):
        yield rule["Next"]
    if "ItemProcessor" in state:
        yield state["ItemProcessor"]["StartAt"]


def strings(value: Any) -> Iterator[str]:
    if isinstance(value, dict):
        for member in value.values():
            yield from strings(member)
    elif isinstance(value, list):
        for member in value:
            yield from strings(member)
    elif isinstance(value, str):
        yield value


@pytest.mark.parametrize("machine", MACHINES)
@pytest.mark.filterwarnings("ignore")
def test_interpreter_reads_it(machine: str) -> None:
    AmazonStateLanguageParser.parse(rendered(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_template_has_only_the_variables_that_terraform_gives(machine: str) -> None:
    text = (FOLDER / f"{machine}.asl.json").read_text()
    assert set(re.findall(r"\$\{([^}]*)\}", text)) <= set(VARIABLES)
    assert "%{" not in text  # a directive of Terraform's template language


@pytest.mark.parametrize("machine", MACHINES)
def test_definition_is_small_enough(machine: str) -> None:
    assert len(rendered(machine)) < 1_048_576  # CreateStateMachine
    assert all(len(name) <= 80 for name in states(machine))


@pytest.mark.parametrize("machine", MACHINES)
def test_every_state_can_be_reached(machine: str) -> None:
    document = states(machine)
    reached, waiting = set(), [json.loads(rendered(machine))["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached:
            reached.add(name)
            waiting.extend(targets(document[name]))
    assert reached == set(document)


@pytest.mark.parametrize(("machine", "name"), every_state())
def test_state_leads_somewhere(machine: str, name: str) -> None:
    state = states(machine)[name]
    if state["Type"] in {"Fail", "Succeed"}:
        assert list(targets(state)) == []
    else:
        assert list(targets(state)) or state.get("End") is True
    if state["Type"] == "Choice":
        assert "Default" in state  # without one an unforeseen value is States.NoChoiceMatched


@pytest.mark.parametrize(("machine", "name"), every_state())
def test_task_is_guarded(machine: str, name: str) -> None:
    state = states(machine)[name]
    if state["Type"] == "Map":
        assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    if state["Type"] != "Task":
        return
    assert state["TimeoutSeconds"] > 0
    assert state["Retry"]
    assert all(0 < retrier["MaxAttempts"] <= 5 for retrier in state["Retry"])
    retried = {error for retrier in state["Retry"] for error in retrier["ErrorEquals"]}
    # A job that failed is not run again: the same data and code fail again, and cost money.
    assert retried.isdisjoint({"States.ALL", "States.TaskFailed"})
    if name in nested(machine):
        assert "Catch" not in state
        return
    assert state["Catch"][-1]["ErrorEquals"] == ["States.ALL"]
    assert state["Catch"][-1]["ResultPath"] == "$.Failure"


@pytest.mark.parametrize(("machine", "name"), every_state())
def test_failure_says_why(machine: str, name: str) -> None:
    state = states(machine)[name]
    if state["Type"] == "Fail":
        assert "Error" in state or "ErrorPath" in state
        assert "Cause" in state or "CausePath" in state


@pytest.mark.parametrize("machine", MACHINES)
def test_reads_only_what_the_manifest_guarantees(machine: str) -> None:
    read = {
        key
        for name, state in states(machine).items()
        for field, value in state.items()
        if field not in {"ResultSelector", "ItemProcessor"}  # they read an answer or an item
        and name not in nested(machine)
        for text in strings(value)
        for key in re.findall(r"(?<![$\w])\$\.(\w+)", text)
    }
    assert read - OWN_KEYS[machine] - FAILURE_KEYS <= set(INPUT[machine])


def test_training_adds_what_update_schema_reads() -> None:
    parameters = states("training")["CollectResult"]["Parameters"]
    assert {key.removesuffix(".$") for key in parameters} == set(RESULT_KEYS)


@pytest.mark.parametrize("machine", MACHINES)
def test_format_templates_have_as_many_places_as_values(machine: str) -> None:
    found = 0
    for text in strings(states(machine)):
        for template, arguments in re.findall(r"States\.Format\('([^']*)', ([^()]*)\)", text):
            found += 1
            assert template.count("{}") == len(arguments.split(", ")), text
    assert found > (0 if machine == "deploy" else 5)


@pytest.mark.parametrize("machine", MACHINES)
def test_everything_stored_is_encrypted(machine: str) -> None:
    key = VARIABLES["kms_key_arn"]
    for name, state in states(machine).items():
        parameters = state.get("Parameters", {})
        for section in ("ProcessingOutputConfig", "OutputDataConfig", "TransformOutput"):
            if section in parameters:
                assert parameters[section]["KmsKeyId"] == key, name
        if "ProcessingResources" in parameters:
            assert parameters["ProcessingResources"]["ClusterConfig"]["VolumeKmsKeyId"] == key
        for section in ("ResourceConfig", "TransformResources"):
            if section in parameters:
                assert parameters[section]["VolumeKmsKeyId"] == key, name


@pytest.mark.parametrize("machine", MACHINES)
def test_names_of_jobs_come_from_the_execution(machine: str) -> None:
    """A retried stage starts a new execution: names made from the run alone would collide."""
    for state in states(machine).values():
        for key, value in state.get("Parameters", {}).items():
            if re.fullmatch(r"(Processing|Training|Transform)JobName\.\$|ModelName\.\$", key) and (
                machine == "training" or key != "ModelName.$"
            ):
                assert "$$.Execution.Name" in value


def test_what_is_created_is_tagged() -> None:
    for machine in MACHINES:
        for name, state in states(machine).items():
            if (
                ":sagemaker:create" in state.get("Resource", "")
                and "aws-sdk" not in state["Resource"]
                # The requests of deploy come from plan_deployment, with their tags.
                and machine != "deploy"
            ):
                keys = [tag["Key"] for tag in state["Parameters"]["Tags"]]
                assert keys == ["RunId", "UseCase", "CodeVersion", "Environment"], name


def test_every_job_gets_the_code_version_of_the_manifest() -> None:
    document = states("training")
    for name in ("Preprocess", "Train", "Evaluate"):
        environment = document[name]["Parameters"]["Environment"]
        assert environment["CODE_VERSION.$"] == "$.CodeVersion", name


def test_the_hashes_of_the_model_are_in_the_model_and_in_the_registry() -> None:
    document = states("training")
    package = document["RegisterModel"]["Parameters"]
    container = document["CreateModel"]["Parameters"]["PrimaryContainer"]
    assert package["InferenceSpecification"]["Containers"][0] == container
    recorded = package["CustomerMetadataProperties"]
    environment = container["Environment"]
    assert environment["MODEL_SHA256.$"] == recorded["ModelSha256.$"]
    assert environment["MODEL_CARD_SHA256.$"] == recorded["ModelCardSha256.$"]


def test_the_archive_is_compared_before_anything_is_deployed() -> None:
    """Every way to Transform and DeployEndpoint leads through IsModelData."""
    document = states("inference")
    reached, waiting = set(), [json.loads(rendered("inference"))["StartAt"]]
    while waiting:
        name = waiting.pop()
        if name not in reached and name != "IsModelData":
            reached.add(name)
            waiting.extend(targets(document[name]))
    assert not reached & {"Transform", "DeployEndpoint"}
    assert document["IsModelData"]["Default"] == "ModelDataChanged"


def test_every_step_of_a_plan_has_a_state() -> None:
    """plan_deployment names the step that NextStep chooses."""
    known = {rule["StringEquals"] for rule in states("deploy")["NextStep"]["Choices"]}
    source = (FOLDER.parents[1] / "lambdas/plan_deployment/steps.py").read_text()
    named = set(re.findall(r"_(?:plan|step)\(\s*\"(\w+)\"", source))
    assert named - {"fail"} == known


def test_what_is_refused_is_planned_again() -> None:
    """Another execution may have been faster: the plan looks at what is there."""
    for name, state in states("deploy").items():
        if state["Type"] in ("Task", "Map") and name not in nested("deploy") and name != "Plan":
            assert state["Catch"][-1]["Next"] == "Plan", name
