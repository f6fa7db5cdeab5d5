"""The CodeBuild action: what it asks for, and how the end of the build becomes that of the action."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from unit.services.codepipeline.definitions import build, codecommit_source, git_pipeline
from unit.services.codepipeline.fake_builds import FAILED_PHASES
from unit.services.codepipeline.fakes import (
    KEY,
    Harness,
    approval,
    pipeline,
    refusal,
    running,
)
from waiting import eventually

FAILURE = (
    "Build terminated with state: FAILED. Phase: BUILD, Code: COMMAND_EXECUTION_ERROR, Message: Error while"
    " executing command: pytest. Reason: exit status 1"
)


def run(harness: Harness, *actions: dict[str, Any], status: str = "Succeeded") -> dict[str, Any]:
    """Run a pipeline of a CodeCommit source and these actions; return the last action execution."""
    harness.context.git.repositories["code"].add('Add "quotes"\n\nand a body')
    harness.api.create_pipeline(
        {"pipeline": git_pipeline(list(actions), source=codecommit_source())}
    )
    first = harness.executions()[0]["pipelineExecutionId"]
    harness.wait(first, status)
    return harness.actions(first)[-1]


def test_a_build_gets_artifacts_variables_and_the_revision(harness: Harness) -> None:
    variables = [
        {"name": "MESSAGE", "value": "#{Source.CommitMessage}"},
        {"name": "TOKEN", "value": "/token", "type": "PARAMETER_STORE"},
        {"name": "PASSWORD", "value": "db:password", "type": "SECRETS_MANAGER"},
    ]
    configuration = {"EnvironmentVariables": json.dumps(variables)}
    found = run(harness, build(outputs=["Plan"], configuration=configuration))
    request = harness.context.builds.requests[0]
    source = harness.actions()[0]["output"]["outputArtifacts"][0]["s3location"]
    assert request["projectName"] == "project"
    assert request["sourceTypeOverride"] == "S3"
    assert request["sourceLocationOverride"] == f"{source['bucket']}/{source['key']}"
    assert request["secondarySourcesOverride"] == []
    assert (
        request["sourceVersion"]
        == harness.context.git.repositories["code"].resolve("refs/heads/main").id
    )
    assert request["encryptionKeyOverride"] == KEY
    assert request["environmentVariablesOverride"] == [
        {"name": "MESSAGE", "value": 'Add "quotes"\n\nand a body', "type": "PLAINTEXT"},
        {"name": "TOKEN", "value": "/token", "type": "PARAMETER_STORE"},
        {"name": "PASSWORD", "value": "db:password", "type": "SECRETS_MANAGER"},
    ]
    place = found["output"]["outputArtifacts"][0]["s3location"]
    output = request["artifactsOverride"]
    assert (output["type"], output["packaging"]) == ("S3", "ZIP")
    assert output["location"] == place["bucket"]
    assert f"{output['path']}/{output['name']}" == place["key"]
    assert harness.context.builds.initiators == ["codepipeline/demo"]
    assert ("codebuild", harness.api.get_pipeline({"name": "demo"})["pipeline"]["roleArn"]) in (
        harness.context.roles
    )


def test_several_inputs_and_outputs_have_their_names_as_identifiers(harness: Harness) -> None:
    run(
        harness,
        build("First", outputs=["A", "B"]),
        build("Second", 2, inputs=["B", "Src"], configuration={"PrimarySource": "Src"}),
    )
    first, second = harness.context.builds.requests
    assert first["artifactsOverride"] == {"type": "NO_ARTIFACTS"}
    assert [o["artifactIdentifier"] for o in first["secondaryArtifactsOverride"]] == ["A", "B"]
    assert [s["sourceIdentifier"] for s in second["secondarySourcesOverride"]] == ["B"]
    assert second["sourceLocationOverride"] == first["sourceLocationOverride"]
    assert second["artifactsOverride"] == {"type": "NO_ARTIFACTS"}


def test_exported_variables_are_output_variables(harness: Harness) -> None:
    harness.context.builds.answer["exportedEnvironmentVariables"] = [
        {"name": "SUMMARY", "value": "1 to add"}
    ]
    found = run(
        harness,
        build(namespace="Plan"),
        approval(order=2, configuration={"CustomData": "#{Plan.SUMMARY}"}),
        status="InProgress",
    )
    harness.token("Stage1", "Approve")
    found = harness.actions()[-1]
    assert found["input"]["resolvedConfiguration"]["CustomData"] == "1 to add"


def test_a_build_has_a_link_and_its_id(harness: Harness) -> None:
    result = run(harness, build())["output"]["executionResult"]
    assert result["externalExecutionId"] == "project:1"
    assert "#/builds/project:1/view/new" in result["externalExecutionUrl"]


def test_a_build_that_cannot_start_is_told_in_awss_words(harness: Harness) -> None:
    def refuse(**request: Any) -> None:
        message = (
            "Project cannot be found: arn:aws:codebuild:eu-west-1:123456789012:project/project"
        )
        raise refusal("ResourceNotFoundException", "StartBuild", message)

    harness.context.builds.start_build = refuse  # type: ignore[assignment,method-assign]
    error = run(harness, build(), status="Failed")["output"]["executionResult"]["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert error["message"].startswith(
        "Error calling startBuild: Project cannot be found: arn:aws:"
    )
    assert (
        "(Service: AWSCodeBuild; Status Code: 400; Error Code: ResourceNotFound" in error["message"]
    )


@pytest.mark.parametrize("category", ["Build", "Test"])
def test_a_failed_build_fails_the_action_in_awss_words(harness: Harness, category: str) -> None:
    harness.context.builds.answer = {"buildStatus": "FAILED", "phases": FAILED_PHASES}
    result = run(harness, build(category=category), status="Failed")["output"]["executionResult"]
    assert result["errorDetails"] == {"code": "JobFailed", "message": FAILURE}
    assert result["externalExecutionSummary"] == FAILURE


def test_the_failed_tests_of_a_report_are_named(harness: Harness) -> None:
    builds = harness.context.builds
    builds.answer = {"buildStatus": "FAILED", "phases": FAILED_PHASES, "reportArns": ["report"]}
    builds.failed_tests = ["test_gate"]
    message = run(harness, build(), status="Failed")["output"]["executionResult"]["errorDetails"]
    assert message["message"] == f"{FAILURE}. Failed tests: test_gate"


def test_a_stopped_build_fails_the_action(harness: Harness) -> None:
    harness.context.builds.answer = {"buildStatus": "STOPPED"}
    result = run(harness, build(), status="Failed")["output"]["executionResult"]
    assert result["errorDetails"]["message"] == "Build terminated with state: STOPPED"


def test_abandoning_an_execution_stops_its_build(harness: Harness) -> None:
    harness.context.builds.answer = {"buildStatus": "IN_PROGRESS"}
    first = harness.create(pipeline([build()]))
    eventually(lambda: harness.context.builds.requests)
    eventually(lambda: harness.latest("Stage1", "Build").get("externalExecutionId"))
    harness.api.stop_pipeline_execution(
        {"pipelineName": "demo", "pipelineExecutionId": first, "abandon": True}
    )
    eventually(lambda: harness.context.builds.stopped == ["project:1"])
    assert harness.status(first) == "Stopped"


def test_a_build_is_stopped_when_the_action_times_out(tmp_path: Path) -> None:
    with running(tmp_path, scale=3000) as harness:
        harness.context.builds.answer = {"buildStatus": "IN_PROGRESS"}
        first = harness.create(pipeline([build(timeoutInMinutes=5)]))
        harness.wait(first, "Failed")
        error = harness.latest("Stage1", "Build")["errorDetails"]
        assert "did not complete within its timeout of 5 minutes" in error["message"]
        assert harness.context.builds.stopped == ["project:1"]


def test_stop_and_wait_lets_a_build_end(harness: Harness) -> None:
    harness.context.builds.answer = {"buildStatus": "IN_PROGRESS"}
    first = harness.create(pipeline([build()]))
    eventually(lambda: harness.latest("Stage1", "Build").get("externalExecutionId"))
    harness.api.stop_pipeline_execution({"pipelineName": "demo", "pipelineExecutionId": first})
    assert harness.status(first) == "Stopping"
    harness.context.builds.builds["project:1"]["buildStatus"] = "SUCCEEDED"
    harness.wait(first, "Stopped")
    assert harness.context.builds.stopped == []
