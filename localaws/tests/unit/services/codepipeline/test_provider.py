"""A pipeline from its source to its end, and what the API shows of it."""

from __future__ import annotations

import json
from typing import Any

import pytest

from localaws.core.errors import AwsError
from unit.services.codepipeline.fakes import (
    KEY,
    MACHINE,
    ROLE,
    Harness,
    approval,
    function,
    machine,
    pipeline,
)
from waiting import eventually


def succeed(harness: Harness, **outputs: Any) -> Any:
    def run(event: dict[str, Any]) -> None:
        harness.api.put_job_success_result({"jobId": event["CodePipeline.job"]["id"], **outputs})

    return run


def test_source_approval_and_state_machine_run_to_the_end(harness: Harness) -> None:
    manifest = b'{"UseCase": "housing"}'
    version = harness.upload(manifest)
    harness.context.machines.answer = {"status": "SUCCEEDED", "output": '{"R2": 0.8}'}
    first = harness.create(
        pipeline(
            [approval(), machine(order=2, outputs=["Result"])],
            variables=[{"name": "UseCase", "defaultValue": "x"}],
        )
    )
    harness.approve("Stage1")
    harness.wait(first, "Succeeded")

    execution = harness.api.get_pipeline_execution(
        {"pipelineName": "demo", "pipelineExecutionId": first}
    )["pipelineExecution"]
    assert execution["trigger"]["triggerType"] == "CreatePipeline"
    assert execution["variables"] == [{"name": "UseCase", "resolvedValue": "x"}]
    assert execution["artifactRevisions"][0]["revisionId"] == version
    done = harness.actions(first)
    assert [a["actionName"] for a in done] == ["Upload", "Approve", "Machine"]
    assert {a["status"] for a in done} == {"Succeeded"}
    assert done[0]["output"]["outputVariables"] == {
        "BucketName": "source-bucket",
        "ObjectKey": "manifest.json",
        "ETag": f"{len(manifest):032x}",
        "VersionId": version,
    }
    started = harness.context.machines.started[0]
    assert started == {
        "stateMachineArn": MACHINE,
        "name": done[2]["actionExecutionId"],
        "input": "{}",
    }
    assert done[2]["output"]["outputVariables"]["ExecutionArn"].endswith(
        done[2]["actionExecutionId"]
    )


def test_artifacts_are_encrypted_with_the_stores_key_under_short_keys(harness: Harness) -> None:
    first = harness.create(
        pipeline([machine(outputs=["ATrainingResult"])], name="a-pipeline-with-a-long-name")
    )
    harness.wait(first, "Succeeded", "a-pipeline-with-a-long-name")
    put = harness.context.s3.puts[-1]
    assert put["ServerSideEncryption"] == "aws:kms"
    assert put["SSEKMSKeyId"] == KEY
    pipeline_part, artifact_part, unique = put["Key"].split("/")
    assert (pipeline_part, artifact_part, len(unique)) == ("a-pipeline-with-a-lo", "ATrainingR", 7)


def test_the_job_event_has_exactly_the_documented_members(harness: Harness) -> None:
    harness.context.functions.functions["Function"] = succeed(harness)
    configuration = {
        "UserParameters": '{"RunId": "#{codepipeline.PipelineExecutionId}", '
        '"Key": "#{S.ObjectKey}", "U": "#{variables.U}"}'
    }
    definition = pipeline(
        [function(inputs=["Src"], outputs=["Out"], configuration=configuration)],
        variables=[{"name": "U", "defaultValue": "default"}],
    )
    definition["stages"][0]["actions"][0]["namespace"] = "S"
    first = harness.create(definition)
    harness.wait(first, "Succeeded")
    (event,) = harness.context.functions.invocations
    job = event["CodePipeline.job"]
    inputs = harness.actions(first)[1]["input"]["inputArtifacts"][0]["s3location"]
    outputs = harness.actions(first)[1]["output"]["outputArtifacts"][0]["s3location"]
    assert set(event) == {"CodePipeline.job"}
    assert set(job) == {"id", "accountId", "data"}
    assert json.loads(
        job["data"]["actionConfiguration"]["configuration"].pop("UserParameters")
    ) == {
        "RunId": first,
        "Key": "manifest.json",
        "U": "default",
    }
    assert job["data"] == {
        "actionConfiguration": {"configuration": {"FunctionName": "Function"}},
        "inputArtifacts": [
            {
                "location": {
                    "s3Location": {"bucketName": inputs["bucket"], "objectKey": inputs["key"]},
                    "type": "S3",
                },
                "revision": None,
                "name": "Src",
            }
        ],
        "outputArtifacts": [
            {
                "location": {
                    "s3Location": {"bucketName": outputs["bucket"], "objectKey": outputs["key"]},
                    "type": "S3",
                },
                "revision": None,
                "name": "Out",
            }
        ],
        "artifactCredentials": {
            "accessKeyId": f"key of {ROLE}",
            "secretAccessKey": "secret",
            "sessionToken": "session",
        },
        "encryptionKey": {"id": KEY, "type": "KMS"},
    }
    resolved = harness.actions(first)[1]["input"]["resolvedConfiguration"]
    assert json.loads(resolved["UserParameters"])["RunId"] == first


def test_a_start_overrides_variables_and_source_version(harness: Harness) -> None:
    old = harness.upload(b"old")
    harness.upload(b"new")
    harness.context.functions.functions["Function"] = succeed(harness)
    harness.create(
        pipeline(
            [function(configuration={"UserParameters": "#{variables.U}"})],
            variables=[{"name": "U", "defaultValue": "default"}],
        )
    )
    second = harness.start(
        variables=[{"name": "U", "value": "mine"}],
        sourceRevisions=[
            {"actionName": "Upload", "revisionType": "S3_OBJECT_VERSION_ID", "revisionValue": old}
        ],
    )
    harness.wait(second, "Succeeded")
    done = harness.actions(second)
    assert done[0]["output"]["outputVariables"]["VersionId"] == old
    assert done[1]["input"]["resolvedConfiguration"]["UserParameters"] == "mine"


@pytest.mark.parametrize(
    ("params", "message"),
    [
        (
            {"variables": [{"name": "Other", "value": "x"}]},
            "has no variable 'Other'; it has ['Needed']",
        ),
        ({}, "Variable 'Needed' of pipeline demo has no default value"),
        (
            {
                "variables": [{"name": "Needed", "value": "x"}],
                "sourceRevisions": [
                    {"actionName": "Nope", "revisionType": "S3_OBJECT_KEY", "revisionValue": "x"}
                ],
            },
            "has no source action 'Nope'",
        ),
        (
            {
                "variables": [{"name": "Needed", "value": "x"}],
                "sourceRevisions": [
                    {"actionName": "Upload", "revisionType": "S3_OBJECT_KEY", "revisionValue": "x"}
                ],
            },
            "AllowOverrideForS3ObjectKey",
        ),
        (
            {
                "variables": [{"name": "Needed", "value": "x"}],
                "sourceRevisions": [
                    {"actionName": "Upload", "revisionType": "COMMIT_ID", "revisionValue": "x"}
                ],
            },
            "S3_OBJECT_VERSION_ID and S3_OBJECT_KEY",
        ),
    ],
)
def test_a_start_that_does_not_fit_the_definition_is_refused(
    harness: Harness, params: dict[str, Any], message: str
) -> None:
    harness.create(pipeline([approval()], variables=[{"name": "Needed"}]))
    with pytest.raises(AwsError) as caught:
        harness.start(**params)
    assert caught.value.code == "ValidationException"
    assert message in caught.value.message


def test_a_repeated_request_token_starts_one_execution(harness: Harness) -> None:
    harness.create(pipeline([approval()]))
    once = harness.start(clientRequestToken="abc")
    assert harness.start(clientRequestToken="abc") == once
    with pytest.raises(AwsError) as caught:
        harness.start(
            clientRequestToken="abc",
            sourceRevisions=[
                {
                    "actionName": "Upload",
                    "revisionType": "S3_OBJECT_VERSION_ID",
                    "revisionValue": "x",
                }
            ],
        )
    assert caught.value.code == "ConflictException"


def test_the_state_shows_everything_clients_read(harness: Harness) -> None:
    first = harness.create(pipeline([approval()], [machine()]))
    token = harness.token("Stage1", "Approve")
    second = harness.start()
    eventually(lambda: harness.stage("Stage1").get("inboundExecution"))
    state = harness.api.get_pipeline_state({"name": "demo"})
    source_stage, stage, last = state["stageStates"]
    assert (state["pipelineName"], state["pipelineVersion"]) == ("demo", 1)
    assert source_stage["latestExecution"] == {
        "pipelineExecutionId": second,
        "status": "Succeeded",
        "type": "STANDARD",
    }
    assert set(source_stage["actionStates"][0]["currentRevision"]) == {
        "revisionId",
        "revisionChangeId",
        "created",
    }
    assert stage["inboundExecution"] == {
        "pipelineExecutionId": second,
        "status": "InProgress",
        "type": "STANDARD",
    }
    assert stage["latestExecution"]["pipelineExecutionId"] == first
    assert stage["inboundTransitionState"] == {"enabled": True}
    latest = stage["actionStates"][0]["latestExecution"]
    assert (latest["status"], latest["token"]) == ("InProgress", token)
    assert "latestExecution" not in last
    assert last["actionStates"] == [
        {"actionName": "Machine", "entityUrl": last["actionStates"][0]["entityUrl"]}
    ]

    harness.answer("Stage1", "Approve", token)
    latest = harness.actions(first)[-1]
    harness.wait(first, "Succeeded")
    answered = next(a for a in harness.actions(first) if a["actionName"] == "Approve")
    assert answered["updatedBy"] == "arn:aws:iam::123456789012:root"
    assert answered["output"]["executionResult"]["externalExecutionSummary"] == "looked at it"


def test_failure_of_a_state_machine_is_told_as_error_and_cause(harness: Harness) -> None:
    harness.context.machines.answer = {
        "status": "FAILED",
        "error": "GateFailed",
        "cause": "R2 0.5 < 0.8",
    }
    first = harness.create(pipeline([machine()]))
    harness.wait(first, "Failed")
    latest = harness.latest("Stage1", "Machine")
    assert latest["errorDetails"] == {"code": "JobFailed", "message": "GateFailed: R2 0.5 < 0.8"}
    assert latest["externalExecutionId"].endswith(latest["actionExecutionId"])
    assert "token" not in latest
    assert harness.stage("Stage1")["latestExecution"]["status"] == "Failed"


def test_a_cause_longer_than_the_api_allows_is_cut(harness: Harness) -> None:
    harness.context.machines.answer = {"status": "FAILED", "error": "E", "cause": "x" * 32_768}
    first = harness.create(pipeline([machine()]))
    harness.wait(first, "Failed")
    assert len(harness.latest("Stage1", "Machine")["errorDetails"]["message"]) == 5000


def test_an_express_execution_succeeds_on_start_without_an_artifact(harness: Harness) -> None:
    harness.context.machines.express.add(MACHINE)
    harness.context.machines.answer = {"status": "RUNNING"}
    first = harness.create(pipeline([machine(configuration={"ExecutionNamePrefix": "run"})]))
    harness.wait(first, "Succeeded")
    assert harness.actions(first)[-1]["output"]["outputVariables"] == {"StateMachineArn": MACHINE}
    assert harness.context.machines.started[0]["name"].startswith("run-")


def test_a_variable_that_nobody_set_fails_the_action_by_name(harness: Harness) -> None:
    harness.context.functions.functions["Function"] = succeed(harness, outputVariables={"a": "1"})
    definition = pipeline(
        [
            function(namespace="F"),
            approval(order=2, configuration={"CustomData": "#{F.b}"}),
        ]
    )
    first = harness.create(definition)
    harness.wait(first, "Failed")
    error = harness.latest("Stage1", "Approve")["errorDetails"]
    assert error["code"] == "ConfigurationError"
    assert "'F' has no variable 'b'. Its variables: a." in error["message"]


def test_actions_of_a_run_order_start_together(harness: Harness) -> None:
    first = harness.create(pipeline([approval("A"), approval("B"), approval("C", 2)]))
    harness.token("Stage1", "A")
    assert harness.latest("Stage1", "C") == {}
    harness.approve("Stage1", "B")
    assert harness.latest("Stage1", "C") == {}
    harness.approve("Stage1", "A")
    harness.approve("Stage1", "C")
    harness.wait(first, "Succeeded")


def test_pages_of_history_stay_right_while_new_executions_start(harness: Harness) -> None:
    harness.create(pipeline([machine()]))
    for _ in range(6):
        harness.start()
    ids = [e["pipelineExecutionId"] for e in harness.executions()]
    answer = harness.api.list_pipeline_executions({"pipelineName": "demo", "maxResults": 3})
    harness.start()
    seen = [e["pipelineExecutionId"] for e in answer["pipelineExecutionSummaries"]]
    while answer["nextToken"]:
        answer = harness.api.list_pipeline_executions(
            {"pipelineName": "demo", "maxResults": 3, "nextToken": answer["nextToken"]}
        )
        seen += [e["pipelineExecutionId"] for e in answer["pipelineExecutionSummaries"]]
    assert seen == ids
    with pytest.raises(AwsError) as caught:
        harness.api.list_action_executions({"pipelineName": "demo", "nextToken": "nonsense"})
    assert caught.value.code == "InvalidNextTokenException"


def test_filters_of_the_histories(harness: Harness) -> None:
    first = harness.create(pipeline([machine()], [machine("Second")]))
    harness.wait(first, "Succeeded")
    harness.context.machines.answer = {"status": "FAILED", "error": "E", "cause": "c"}
    second = harness.start()
    harness.wait(second, "Failed")
    harness.context.machines.answer = {"status": "SUCCEEDED", "output": "{}"}
    harness.retry(second, "Stage1")
    harness.wait(second, "Succeeded")

    def listed(stage: str) -> list[str]:
        params = {"pipelineName": "demo", "filter": {"succeededInStage": {"stageName": stage}}}
        found = harness.api.list_pipeline_executions(params)["pipelineExecutionSummaries"]
        return [e["pipelineExecutionId"] for e in found]

    assert listed("Stage2") == [second, first]
    for time_range, count in (("Latest", 3), ("All", 4)):
        latest = {"pipelineExecutionId": second, "startTimeRange": time_range}
        found = harness.api.list_action_executions(
            {"pipelineName": "demo", "filter": {"latestInPipelineExecution": latest}}
        )["actionExecutionDetails"]
        assert len(found) == count
    with pytest.raises(AwsError) as caught:
        harness.actions("00000000-0000-0000-0000-000000000000")
    assert caught.value.code == "PipelineExecutionNotFoundException"
