"""The StepFunctions action: its input, its execution's name, its output artifact."""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import pytest

from localaws.services.codepipeline.artifacts import make_zip
from unit.services.codepipeline.fakes import (
    Harness,
    machine,
    pipeline,
    running,
)
from waiting import eventually


def failed(harness: Harness, **configuration: Any) -> dict[str, str]:
    inputs = configuration.pop("inputs", [])
    first = harness.create(pipeline([machine(inputs=inputs, configuration=configuration)]))
    harness.wait(first, "Failed")
    assert harness.context.machines.started == []
    error: dict[str, str] = harness.latest("Stage1", "Machine")["errorDetails"]
    return error


def test_a_file_of_the_input_artifact_becomes_the_input(harness: Harness) -> None:
    harness.upload(make_zip("deep/manifest.json", b'{"UseCase": "iris"}'))
    harness.context.machines.answer = {"status": "SUCCEEDED", "output": '{"R2": 0.81}'}
    configuration = {"InputType": "FilePath", "Input": "deep/manifest.json"}
    first = harness.create(
        pipeline([machine(inputs=["Src"], outputs=["Result"], configuration=configuration)])
    )
    harness.wait(first, "Succeeded")
    assert json.loads(harness.context.machines.started[0]["input"]) == {"UseCase": "iris"}
    location = harness.actions(first)[-1]["output"]["outputArtifacts"][0]["s3location"]
    body = harness.context.s3.get_object(location["bucket"], location["key"])["Body"]
    with zipfile.ZipFile(io.BytesIO(body.read())) as archive:
        assert archive.namelist() == ["output.json"]
        assert json.loads(archive.read("output.json")) == {"R2": 0.81}


def test_a_literal_input_has_its_variables_resolved(harness: Harness) -> None:
    configuration = {"Input": '{"run": "#{codepipeline.PipelineExecutionId}"}'}
    first = harness.create(pipeline([machine(configuration=configuration)]))
    harness.wait(first, "Succeeded")
    assert json.loads(harness.context.machines.started[0]["input"]) == {"run": first}


@pytest.mark.parametrize(
    ("configuration", "message"),
    [
        ({"Input": "{not json"}, "Input is not JSON"),
        ({"InputType": "FilePath", "Input": "manifest.json"}, "FilePath needs an input artifact"),
        ({"InputType": "FilePath", "inputs": ["Src"]}, "FilePath needs Input, the path of a file"),
        ({"ExecutionNamePrefix": "p" * 44}, "which leaves 43 for ExecutionNamePrefix"),
    ],
)
def test_an_input_that_cannot_be_used_fails_the_action(
    harness: Harness, configuration: dict[str, Any], message: str
) -> None:
    error = failed(harness, **configuration)
    assert error["code"] == "ConfigurationError"
    assert message in error["message"]


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"{not json", "File manifest.json of input artifact Src is not JSON"),
        (b'"\xff"', "File manifest.json of input artifact Src is not UTF-8"),
    ],
)
def test_a_file_that_is_not_json_is_named(harness: Harness, content: bytes, message: str) -> None:
    harness.upload(make_zip("manifest.json", content))
    error = failed(harness, InputType="FilePath", Input="manifest.json", inputs=["Src"])
    assert message in error["message"]


def test_an_artifact_that_was_never_uploaded_is_named(harness: Harness) -> None:
    copy = harness.context.s3.copy
    harness.context.s3.copy = lambda **_: None  # type: ignore[method-assign]
    error = failed(harness, InputType="FilePath", Input="manifest.json", inputs=["Src"])
    harness.context.s3.copy = copy  # type: ignore[method-assign]
    assert (
        "Input artifact Src is not in the artifact store (s3://artifact-bucket/demo/Src/"
        in (error["message"])
    )


@pytest.mark.parametrize("status", ["ABORTED", "TIMED_OUT"])
def test_an_execution_without_a_cause_fails_with_its_status(harness: Harness, status: str) -> None:
    harness.context.machines.answer = {"status": status}
    first = harness.create(pipeline([machine()]))
    harness.wait(first, "Failed")
    error = harness.latest("Stage1", "Machine")["errorDetails"]
    assert error["code"] == "JobFailed"
    assert error["message"].endswith(f"ended {status}")


def test_a_running_execution_is_followed_to_its_end(harness: Harness) -> None:
    harness.context.machines.answer = {"status": "RUNNING"}
    first = harness.create(pipeline([machine()]))
    latest = eventually(lambda: harness.latest("Stage1", "Machine").get("externalExecutionId"))
    assert harness.latest("Stage1", "Machine")["externalExecutionUrl"].endswith(latest)
    assert harness.status(first) == "InProgress"
    harness.context.machines.executions[latest] |= {"status": "SUCCEEDED", "output": "{}"}
    harness.wait(first, "Succeeded")


def test_an_execution_may_take_seven_days(tmp_path: Path) -> None:
    with running(tmp_path, scale=2_000_000.0) as harness:
        harness.context.machines.answer = {"status": "RUNNING"}
        first = harness.create(pipeline([machine()]))
        harness.wait(first, "Failed")
        error = harness.latest("Stage1", "Machine")["errorDetails"]
        assert "within its timeout of 10080 minutes" in error["message"]
