"""What tests of pipelines share: buckets, a key, roles, and the calls that they make often."""

from __future__ import annotations

import json
import uuid
from collections.abc import Callable
from typing import Any

from waiting import eventually
from zips import make_zip

Aws = Callable[..., Any]


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
        self.aws("lambda").create_function(
            FunctionName=self.name,
            Runtime="python3.12",
            Role=role(self.aws, f"{self.name}-lambda", "lambda.amazonaws.com"),
            Handler="main.handler",
            Code={"ZipFile": make_zip({"main.py": FUNCTION})},
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
            token=eventually(lambda: self.latest(stage, action).get("token")),
        )
        return answer

    def actions(self, execution_id: str) -> dict[str, dict[str, Any]]:
        pages = self.aws("codepipeline").get_paginator("list_action_executions")
        found = pages.paginate(
            pipelineName=self.name, filter={"pipelineExecutionId": execution_id}
        ).build_full_result()["actionExecutionDetails"]
        return {action["actionName"]: action for action in found}


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
