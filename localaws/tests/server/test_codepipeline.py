"""CodePipeline by boto3, with S3, Lambda, approval and Step Functions actions that run."""

from __future__ import annotations

import io
import json
import time
import uuid
import zipfile
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

Aws = Callable[..., Any]

ACCOUNT = "123456789012"

FUNCTION = """
import io, json, zipfile
import boto3

def handler(event, context):
    job = event["CodePipeline.job"]
    data, pipeline = job["data"], boto3.client("codepipeline")
    try:
        credentials = data["artifactCredentials"]
        s3 = boto3.client(
            "s3",
            aws_access_key_id=credentials["accessKeyId"],
            aws_secret_access_key=credentials["secretAccessKey"],
            aws_session_token=credentials["sessionToken"],
        )
        place = data["inputArtifacts"][0]["location"]["s3Location"]
        answer = s3.get_object(Bucket=place["bucketName"], Key=place["objectKey"])
        manifest = json.loads(answer["Body"].read())
        parameters = json.loads(data["actionConfiguration"]["configuration"]["UserParameters"])
        if manifest.get("UseCase") is None:
            raise ValueError("manifest.json has no UseCase")
        if "continuationToken" not in data:
            pipeline.put_job_success_result(jobId=job["id"], continuationToken="half",
                                            executionDetails={"percentComplete": 50})
            return
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("manifest.json", json.dumps(manifest | parameters))
        place = data["outputArtifacts"][0]["location"]["s3Location"]
        s3.put_object(Bucket=place["bucketName"], Key=place["objectKey"], Body=buffer.getvalue(),
                      ServerSideEncryption="aws:kms", SSEKMSKeyId=data["encryptionKey"]["id"])
        pipeline.put_job_success_result(jobId=job["id"], outputVariables={"UseCase": manifest["UseCase"]})
    except Exception as error:
        pipeline.put_job_failure_result(
            jobId=job["id"], failureDetails={"type": "JobFailed", "message": str(error)}
        )
"""


def wait_for(condition: Callable[[], Any], seconds: float = 30.0) -> Any:
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := condition():
            return found
        time.sleep(0.05)
    raise AssertionError("the condition did not come true")


def role(aws: Aws, name: str, service: str) -> str:
    statement = {"Effect": "Allow", "Principal": {"Service": service}, "Action": "sts:AssumeRole"}
    answer = aws("iam").create_role(
        RoleName=name,
        AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [statement]}),
    )
    arn: str = answer["Role"]["Arn"]
    return arn


class World:
    """Buckets, key, roles, function, state machine and pipeline, with names of their own."""

    def __init__(self, aws: Aws) -> None:
        self.aws = aws
        self.name = f"cp-{uuid.uuid4().hex[:8]}"
        self.source, self.artifacts = f"{self.name}-source", f"{self.name}-artifacts"
        for bucket in (self.source, self.artifacts):
            aws("s3").create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": "eu-west-1"}
            )
        aws("s3").put_bucket_versioning(
            Bucket=self.source, VersioningConfiguration={"Status": "Enabled"}
        )
        self.key = aws("kms").create_key()["KeyMetadata"]["Arn"]
        self.pipeline_role = role(aws, f"{self.name}-pipeline", "codepipeline.amazonaws.com")
        self.topic = aws("sns").create_topic(Name=self.name)["TopicArn"]

    def upload(self, manifest: dict[str, Any]) -> str:
        answer = self.aws("s3").put_object(
            Bucket=self.source, Key="manifest.json", Body=json.dumps(manifest).encode()
        )
        version: str = answer["VersionId"]
        return version

    def add_function(self) -> str:
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("main.py", FUNCTION)
        self.aws("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Role=role(self.aws, f"{self.name}-lambda", "lambda.amazonaws.com"),
            Handler="main.handler",
            Code={"ZipFile": buffer.getvalue()},
            Timeout=30,
        )
        return self.name

    def add_machine(self, definition: dict[str, Any]) -> str:
        answer = self.aws("stepfunctions").create_state_machine(
            name=f"{self.name}-{uuid.uuid4().hex[:4]}",
            definition=json.dumps(definition),
            roleArn=role(self.aws, f"{self.name}-{uuid.uuid4().hex[:4]}", "states.amazonaws.com"),
        )
        arn: str = answer["stateMachineArn"]
        return arn

    def declaration(self, *stages: list[dict[str, Any]], **members: Any) -> dict[str, Any]:
        source = {
            "name": "UploadManifest",
            "actionTypeId": {
                "category": "Source",
                "owner": "AWS",
                "provider": "S3",
                "version": "1",
            },
            "configuration": {
                "S3Bucket": self.source,
                "S3ObjectKey": "manifest.json",
                "PollForSourceChanges": "false",
            },
            "outputArtifacts": [{"name": "SourceArtifact"}],
            "namespace": "SourceVariables",
        }
        named = [{"name": "Source", "actions": [source]}]
        named += [{"name": f"Stage{i}", "actions": actions} for i, actions in enumerate(stages, 1)]
        return {
            "name": self.name,
            "roleArn": self.pipeline_role,
            "artifactStore": {
                "type": "S3",
                "location": self.artifacts,
                "encryptionKey": {"id": self.key, "type": "KMS"},
            },
            "stages": named,
            "executionMode": "QUEUED",
            "pipelineType": "V2",
            "variables": [{"name": "EndpointType", "defaultValue": "from-manifest"}],
        } | members

    def create(self, *stages: list[dict[str, Any]], **members: Any) -> str:
        client = self.aws("codepipeline")
        client.create_pipeline(pipeline=self.declaration(*stages, **members))
        found = client.list_pipeline_executions(pipelineName=self.name)[
            "pipelineExecutionSummaries"
        ]
        first: str = found[0]["pipelineExecutionId"]
        return first

    def status(self, execution_id: str) -> str:
        answer = self.aws("codepipeline").get_pipeline_execution(
            pipelineName=self.name, pipelineExecutionId=execution_id
        )
        found: str = answer["pipelineExecution"]["status"]
        return found

    def latest(self, stage: str, action: str) -> dict[str, Any]:
        state = self.aws("codepipeline").get_pipeline_state(name=self.name)
        stages = {s["stageName"]: s for s in state["stageStates"]}
        actions = {a["actionName"]: a for a in stages[stage]["actionStates"]}
        found: dict[str, Any] = actions[action].get("latestExecution", {})
        return found

    def approve(self, stage: str, action: str) -> dict[str, Any]:
        answer: dict[str, Any] = self.aws("codepipeline").put_approval_result(
            pipelineName=self.name,
            stageName=stage,
            actionName=action,
            result={"status": "Approved", "summary": "seen"},
            token=wait_for(lambda: self.latest(stage, action).get("token")),
        )
        return answer

    def actions(self, execution_id: str) -> dict[str, dict[str, Any]]:
        pages = self.aws("codepipeline").get_paginator("list_action_executions")
        found = pages.paginate(
            pipelineName=self.name, filter={"pipelineExecutionId": execution_id}
        ).build_full_result()["actionExecutionDetails"]
        return {action["actionName"]: action for action in found}


@pytest.fixture
def world(aws: Aws) -> World:
    return World(aws)


def kind(category: str, provider: str) -> dict[str, str]:
    return {"category": category, "owner": "AWS", "provider": provider, "version": "1"}


def approval(name: str, order: int = 1, **configuration: str) -> dict[str, Any]:
    return {
        "name": name,
        "actionTypeId": kind("Approval", "Manual"),
        "runOrder": order,
        "configuration": configuration,
    }


def machine(arn: str, order: int = 1, source: str | None = None, **members: Any) -> dict[str, Any]:
    configuration = {"StateMachineArn": arn}
    if source:
        configuration |= {"InputType": "FilePath", "Input": "manifest.json"}
        members["inputArtifacts"] = [{"name": source}]
    return {
        "name": "InvokeMachine",
        "actionTypeId": kind("Invoke", "StepFunctions"),
        "runOrder": order,
        "configuration": configuration,
        "outputArtifacts": [{"name": "Result"}],
        **members,
    }


PASS = {"StartAt": "Done", "States": {"Done": {"Type": "Pass", "End": True}}}


def test_source_approval_and_state_machine_end_to_end(world: World) -> None:
    version = world.upload({"UseCase": "housing"})
    arn = world.add_machine(PASS)
    first = world.create(
        [
            approval(
                "Approve", NotificationArn=world.topic, CustomData="#{SourceVariables.VersionId}"
            )
        ],
        [machine(arn)],
    )
    assert "approvedAt" in world.approve("Stage1", "Approve")
    wait_for(lambda: world.status(first) == "Succeeded")

    actions = world.actions(first)
    assert actions["UploadManifest"]["output"]["outputVariables"]["VersionId"] == version
    assert actions["Approve"]["input"]["resolvedConfiguration"]["CustomData"] == version
    result = actions["InvokeMachine"]["output"]
    execution = world.aws("stepfunctions").describe_execution(
        executionArn=result["executionResult"]["externalExecutionId"]
    )
    assert execution["name"] == actions["InvokeMachine"]["actionExecutionId"]
    assert result["outputVariables"] == {
        "StateMachineArn": arn,
        "ExecutionArn": execution["executionArn"],
    }
    location = result["outputArtifacts"][0]["s3location"]
    stored = world.aws("s3").get_object(Bucket=location["bucket"], Key=location["key"])
    assert stored["ServerSideEncryption"] == "aws:kms"
    assert stored["SSEKMSKeyId"] == world.key
    with zipfile.ZipFile(io.BytesIO(stored["Body"].read())) as archive:
        assert archive.namelist() == ["output.json"]
        assert json.loads(archive.read("output.json")) == {}


def test_a_function_makes_the_input_of_the_state_machine(world: World) -> None:
    world.upload({"UseCase": "iris"})
    invoke = {
        "name": "InvokeFunction",
        "actionTypeId": kind("Invoke", "Lambda"),
        "configuration": {
            "FunctionName": world.add_function(),
            "UserParameters": json.dumps(
                {
                    "RunId": "#{codepipeline.PipelineExecutionId}",
                    "EndpointType": "#{variables.EndpointType}",
                }
            ),
        },
        "inputArtifacts": [{"name": "SourceArtifact"}],
        "outputArtifacts": [{"name": "Manifest"}],
        "namespace": "Function",
    }
    world.create([invoke, machine(world.add_machine(PASS), 2, source="Manifest")])
    run = world.aws("codepipeline").start_pipeline_execution(
        name=world.name, variables=[{"name": "EndpointType", "value": "Batch"}]
    )["pipelineExecutionId"]
    wait_for(lambda: world.status(run) in {"Succeeded", "Failed"})
    actions = world.actions(run)
    assert world.status(run) == "Succeeded", actions
    assert actions["InvokeFunction"]["output"]["outputVariables"] == {"UseCase": "iris"}
    arn = actions["InvokeMachine"]["output"]["outputVariables"]["ExecutionArn"]
    execution = world.aws("stepfunctions").describe_execution(executionArn=arn)
    assert json.loads(execution["input"]) == {
        "UseCase": "iris",
        "RunId": run,
        "EndpointType": "Batch",
    }


def test_a_failed_gate_is_told_and_the_repaired_stage_finishes_the_execution(world: World) -> None:
    world.upload({})
    gate = {
        "StartAt": "Gate",
        "States": {
            "Gate": {"Type": "Fail", "Error": "GateFailed", "Cause": "r2 is 0.5, at least 0.8"}
        },
    }
    arn = world.add_machine(gate)
    first = world.create([machine(arn)])
    wait_for(lambda: world.status(first) == "Failed")
    error = world.latest("Stage1", "InvokeMachine")["errorDetails"]
    assert error == {"code": "JobFailed", "message": "GateFailed: r2 is 0.5, at least 0.8"}

    world.aws("stepfunctions").update_state_machine(
        stateMachineArn=arn, definition=json.dumps(PASS)
    )
    answer = world.aws("codepipeline").retry_stage_execution(
        pipelineName=world.name,
        stageName="Stage1",
        pipelineExecutionId=first,
        retryMode="FAILED_ACTIONS",
    )
    assert answer["pipelineExecutionId"] == first
    wait_for(lambda: world.status(first) == "Succeeded")


def test_what_is_not_emulated_is_refused_by_name(world: World) -> None:
    client = world.aws("codepipeline")
    with pytest.raises(ClientError, match="does not emulate codepipeline:ListWebhooks"):
        client.list_webhooks()
    build = {"name": "Build", "actionTypeId": kind("Build", "CodeBuild"), "configuration": {}}
    with pytest.raises(client.exceptions.InvalidActionDeclarationException, match="'CodeBuild'"):
        client.create_pipeline(pipeline=world.declaration([build]))
    with pytest.raises(client.exceptions.PipelineNotFoundException):
        client.get_pipeline_state(name=world.name)


def test_events_reach_a_rule(world: World) -> None:
    """A rule on the default bus, with a queue as its target, receives the pipeline's state changes."""
    sqs, events = world.aws("sqs"), world.aws("events")
    url = sqs.create_queue(QueueName=world.name)["QueueUrl"]
    pattern = {
        "source": ["aws.codepipeline"],
        "detail-type": ["CodePipeline Pipeline Execution State Change"],
        "detail": {"pipeline": [world.name]},
    }
    events.put_rule(Name=world.name, EventPattern=json.dumps(pattern))
    arn = f"arn:aws:sqs:eu-west-1:{ACCOUNT}:{world.name}"
    events.put_targets(Rule=world.name, Targets=[{"Id": "queue", "Arn": arn}])
    world.upload({})
    first = world.create([machine(world.add_machine(PASS))])
    wait_for(lambda: world.status(first) == "Succeeded")
    states: list[str] = []

    def both() -> bool:
        for message in sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get(
            "Messages", []
        ):
            states.append(json.loads(message["Body"])["detail"]["state"])
        return len(states) >= 2

    wait_for(both)
    assert states == ["STARTED", "SUCCEEDED"]


def test_a_rule_starts_the_pipeline_and_is_shown_as_its_trigger(world: World) -> None:
    events, client = world.aws("events"), world.aws("codepipeline")
    world.upload({})
    world.create([machine(world.add_machine(PASS))])
    pattern = {"source": ["test"], "detail": {"world": [world.name]}}
    rule_arn = events.put_rule(Name=world.name, EventPattern=json.dumps(pattern))["RuleArn"]
    target = {
        "Id": "pipeline",
        "Arn": f"arn:aws:codepipeline:eu-west-1:{ACCOUNT}:{world.name}",
        "RoleArn": role(world.aws, f"{world.name}-events", "events.amazonaws.com"),
    }
    events.put_targets(Rule=world.name, Targets=[target])
    events.put_events(
        Entries=[{"Source": "test", "DetailType": "x", "Detail": json.dumps({"world": world.name})}]
    )

    def started() -> Any:
        found = client.list_pipeline_executions(pipelineName=world.name)[
            "pipelineExecutionSummaries"
        ]
        return found if len(found) == 2 else None

    summary = wait_for(started)[0]
    assert summary["trigger"] == {"triggerType": "CloudWatchEvent", "triggerDetail": rule_arn}
    wait_for(lambda: world.status(summary["pipelineExecutionId"]) == "Succeeded")
