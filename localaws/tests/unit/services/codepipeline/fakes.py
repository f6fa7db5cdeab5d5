"""The parts of S3, Lambda, Step Functions, SNS and IAM that CodePipeline's actions call, in memory."""
# ruff: noqa: N803 - the arguments have boto3's names

from __future__ import annotations

import io
import threading
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from localaws.core.clock import Clock
from localaws.core.shared import SharedObjects, T
from localaws.services.codepipeline.provider import CodePipelineProvider
from unit.services.codepipeline.fake_builds import FakeCloudWatch, FakeCodeBuild
from unit.services.codepipeline.fake_git import FakeGit
from waiting import eventually

ACCOUNT = "123456789012"
REGION = "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/pipeline"
KEY = f"arn:aws:kms:{REGION}:{ACCOUNT}:key/11111111-2222-3333-4444-555555555555"


def refusal(code: str, operation: str, message: str = "refused by the fake") -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": message}}, operation)


class FakeS3:
    """Versioned buckets."""

    def __init__(self) -> None:
        self.versions: dict[tuple[str, str], list[dict[str, Any]]] = {}
        self.unversioned: set[str] = set()
        self.puts: list[dict[str, Any]] = []

    def put_object(self, Bucket: str, Key: str, Body: bytes, **extra: Any) -> dict[str, Any]:
        version = {
            "Body": Body,
            "VersionId": uuid.uuid4().hex,
            "ETag": f'"{len(Body):032x}"',
            "LastModified": datetime.now(UTC),
            "ContentLength": len(Body),
            "Metadata": extra.pop("Metadata", {}),
        }
        self.versions.setdefault((Bucket, Key), []).append(version)
        self.puts.append({"Bucket": Bucket, "Key": Key, **extra})
        return version

    def _find(self, Bucket: str, Key: str, VersionId: str | None, operation: str) -> dict[str, Any]:
        for version in reversed(self.versions.get((Bucket, Key), [])):
            if VersionId in {None, version["VersionId"]}:
                return version
        raise refusal("404" if operation == "HeadObject" else "NoSuchKey", operation)

    def head_object(self, Bucket: str, Key: str, VersionId: str | None = None) -> dict[str, Any]:
        return self._find(Bucket, Key, VersionId, "HeadObject")

    def get_object(self, Bucket: str, Key: str) -> dict[str, Any]:
        return {"Body": io.BytesIO(self._find(Bucket, Key, None, "GetObject")["Body"])}

    def get_bucket_versioning(self, Bucket: str) -> dict[str, Any]:
        return {} if Bucket in self.unversioned else {"Status": "Enabled"}

    def copy(
        self, CopySource: dict[str, str], Bucket: str, Key: str, ExtraArgs: dict[str, str]
    ) -> None:
        self.put_object(
            Bucket, Key, self._find(**CopySource, operation="CopyObject")["Body"], **ExtraArgs
        )


class FakeLambda:
    """Functions are Python callables that take the job event; each runs in a thread of its own."""

    def __init__(self) -> None:
        self.functions: dict[str, Callable[[dict[str, Any]], None]] = {}
        self.invocations: list[dict[str, Any]] = []

    def invoke(self, FunctionName: str, InvocationType: str, Payload: bytes) -> dict[str, Any]:
        import json

        assert InvocationType == "Event"
        if FunctionName not in self.functions:
            raise refusal(
                "ResourceNotFoundException", "Invoke", f"Function not found: {FunctionName}"
            )
        event = json.loads(Payload)
        self.invocations.append(event)
        threading.Thread(target=self.functions[FunctionName], args=(event,), daemon=True).start()
        return {"StatusCode": 202}


class FakeStepFunctions:
    """Executions end as :attr:`answers` says, or stay RUNNING until :meth:`end`."""

    def __init__(self) -> None:
        self.express: set[str] = set()
        self.executions: dict[str, dict[str, Any]] = {}
        self.started: list[dict[str, str]] = []
        self.answer: dict[str, Any] = {"status": "SUCCEEDED", "output": '{"done": true}'}

    def describe_state_machine(self, stateMachineArn: str) -> dict[str, Any]:
        return {"type": "EXPRESS" if stateMachineArn in self.express else "STANDARD"}

    def start_execution(self, stateMachineArn: str, name: str, input: str) -> dict[str, Any]:
        arn = stateMachineArn.replace(":stateMachine:", ":execution:") + ":" + name
        assert arn not in self.executions, f"execution {arn} exists"
        self.started.append({"stateMachineArn": stateMachineArn, "name": name, "input": input})
        self.executions[arn] = {"executionArn": arn, **self.answer}
        return {"executionArn": arn}

    def describe_execution(self, executionArn: str) -> dict[str, Any]:
        return self.executions[executionArn]


class FakeSns:
    def __init__(self) -> None:
        self.messages: list[dict[str, str]] = []

    def publish(self, **message: str) -> None:
        if "denied" in message["TopicArn"]:
            raise refusal("AuthorizationError", "Publish")
        self.messages.append(message)


class FakeIam:
    def __init__(self) -> None:
        self.services = ["codepipeline.amazonaws.com"]

    def get_role(self, RoleName: str) -> dict[str, Any]:
        if RoleName == "missing":
            raise refusal("NoSuchEntity", "GetRole")
        statement = {
            "Effect": "Allow",
            "Principal": {"Service": self.services},
            "Action": "sts:AssumeRole",
        }
        return {
            "Role": {
                "Arn": f"arn:aws:iam::{ACCOUNT}:role/{RoleName}",
                "AssumeRolePolicyDocument": {"Statement": [statement]},
            }
        }


@dataclass
class FakeContext:
    """The members of Context that CodePipeline uses."""

    work_dir: Path
    clock: Clock = field(default_factory=Clock)
    account_id: str = ACCOUNT
    region: str = REGION
    root_arn: str = f"arn:aws:iam::{ACCOUNT}:root"

    def __post_init__(self) -> None:
        self.s3 = FakeS3()
        self.functions = FakeLambda()
        self.machines = FakeStepFunctions()
        self.sns = FakeSns()
        self.iam = FakeIam()
        self.builds = FakeCodeBuild()
        self.alarms = FakeCloudWatch()
        self.git = FakeGit()
        self.ecr: Any = None
        self.events: list[tuple[str, dict[str, Any]]] = []
        self.roles: list[tuple[str, str | None]] = []
        self._shared_objects = SharedObjects()

    def shared(self, kind: type[T]) -> T:
        found: Any = self.git.shared.get(kind)
        return found or self._shared_objects.get(kind, self.account_id, self.region)

    def acting(self, source_arn: str = "", session_name: str = "") -> None:
        return None

    def client(self, service_name: str, role_arn: str | None = None, acting: Any = None) -> Any:
        self.roles.append((service_name, role_arn))
        return {
            "s3": self.s3,
            "lambda": self.functions,
            "stepfunctions": self.machines,
            "sns": self.sns,
            "iam": self.iam,
            "codebuild": self.builds,
            "cloudwatch": self.alarms,
            "ecr": self.ecr,
        }[service_name]

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{self.region}:{self.account_id}:{resource}"

    def environment(self, role_arn: str | None = None, acting: Any = None) -> dict[str, str]:
        return {
            "AWS_ACCESS_KEY_ID": f"key of {role_arn}",
            "AWS_SECRET_ACCESS_KEY": "secret",
            "AWS_SESSION_TOKEN": "session",
        }

    def publish(
        self, source: str, detail_type: str, detail: dict[str, Any], resources: list[str]
    ) -> None:
        assert source == "aws.codepipeline"
        assert resources == [f"arn:aws:codepipeline:{REGION}:{ACCOUNT}:{detail['pipeline']}"]
        self.events.append((detail_type, detail))


# --- definitions ------------------------------------------------------------------------------------


def action(
    name: str, provider: str, category: str = "Invoke", order: int = 1, **members: Any
) -> dict[str, Any]:
    """One action; ``inputs`` and ``outputs`` are names of artifacts."""
    declared: dict[str, Any] = {
        "name": name,
        "actionTypeId": {
            "category": category,
            "owner": "AWS",
            "provider": provider,
            "version": "1",
        },
        "runOrder": order,
        "configuration": members.pop("configuration", {}),
        "inputArtifacts": [{"name": n} for n in members.pop("inputs", [])],
        "outputArtifacts": [{"name": n} for n in members.pop("outputs", [])],
    }
    return declared | members


def source(name: str = "Upload", **members: Any) -> dict[str, Any]:
    configuration = {
        "S3Bucket": "source-bucket",
        "S3ObjectKey": "manifest.json",
        "PollForSourceChanges": "false",
    } | members.pop("configuration", {})
    return action(name, "S3", "Source", outputs=["Src"], configuration=configuration, **members)


def approval(name: str = "Approve", order: int = 1, **members: Any) -> dict[str, Any]:
    return action(name, "Manual", "Approval", order, **members)


def function(name: str = "Function", order: int = 1, **members: Any) -> dict[str, Any]:
    configuration = {"FunctionName": name} | members.pop("configuration", {})
    return action(name, "Lambda", "Invoke", order, configuration=configuration, **members)


MACHINE = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:training"


def machine(name: str = "Machine", order: int = 1, **members: Any) -> dict[str, Any]:
    configuration = {"StateMachineArn": MACHINE} | members.pop("configuration", {})
    return action(name, "StepFunctions", "Invoke", order, configuration=configuration, **members)


def pipeline(*stages: list[dict[str, Any]], name: str = "demo", **members: Any) -> dict[str, Any]:
    """A V2 pipeline. The stages after the source stage are named Stage1, Stage2, ..."""
    named = [{"name": "Source", "actions": [source()]}]
    named += [{"name": f"Stage{i}", "actions": actions} for i, actions in enumerate(stages, 1)]
    return {
        "name": name,
        "roleArn": ROLE,
        "artifactStore": {
            "type": "S3",
            "location": "artifact-bucket",
            "encryptionKey": {"id": KEY, "type": "KMS"},
        },
        "stages": named,
        "executionMode": "QUEUED",
        "pipelineType": "V2",
        **members,
    }


class Operations:
    """The operations of a provider as its methods, found as the gateway finds them."""

    def __init__(self, provider: CodePipelineProvider) -> None:
        self._provider = provider

    def __getattr__(self, name: str) -> Callable[[dict[str, Any]], Any]:
        found = self._provider.operation(name)
        assert found is not None, f"CodePipeline has no operation {name}"
        return found


class Harness:
    """A provider in a fake AWS, with short forms of the calls that tests make often."""

    def __init__(self, context: FakeContext, **options: Any) -> None:
        self.context = context
        self.provider = CodePipelineProvider(context, **options)  # type: ignore[arg-type]
        self.api = Operations(self.provider)

    def upload(self, content: bytes = b"{}", key: str = "manifest.json") -> str:
        version = self.context.s3.put_object("source-bucket", key, content)["VersionId"]
        assert isinstance(version, str)
        return version

    def create(self, definition: dict[str, Any]) -> str:
        """Create a pipeline with its source in place; return the id of its first execution."""
        if ("source-bucket", "manifest.json") not in self.context.s3.versions:
            self.upload()
        self.api.create_pipeline({"pipeline": definition})
        return self.executions(definition["name"])[0]["pipelineExecutionId"]

    def start(self, name: str = "demo", **params: Any) -> str:
        return self.api.start_pipeline_execution({"name": name, **params})["pipelineExecutionId"]

    def executions(self, name: str = "demo") -> list[dict[str, Any]]:
        return self.api.list_pipeline_executions({"pipelineName": name})[
            "pipelineExecutionSummaries"
        ]

    def status(self, execution_id: str, name: str = "demo") -> str:
        params = {"pipelineName": name, "pipelineExecutionId": execution_id}
        return self.api.get_pipeline_execution(params)["pipelineExecution"]["status"]

    def wait(self, execution_id: str, status: str, name: str = "demo") -> None:
        eventually(lambda: self.status(execution_id, name) == status)

    def actions(self, execution_id: str | None = None, name: str = "demo") -> list[dict[str, Any]]:
        """Oldest first."""
        params: dict[str, Any] = {"pipelineName": name}
        if execution_id:
            params["filter"] = {"pipelineExecutionId": execution_id}
        return self.api.list_action_executions(params)["actionExecutionDetails"][::-1]

    def stage(self, stage_name: str, name: str = "demo") -> dict[str, Any]:
        stages = self.api.get_pipeline_state({"name": name})["stageStates"]
        return next(stage for stage in stages if stage["stageName"] == stage_name)

    def latest(self, stage_name: str, action_name: str, name: str = "demo") -> dict[str, Any]:
        states = self.stage(stage_name, name)["actionStates"]
        state = next(state for state in states if state["actionName"] == action_name)
        return state.get("latestExecution", {})

    def token(self, stage_name: str, action_name: str, name: str = "demo") -> str:
        return eventually(lambda: self.latest(stage_name, action_name, name).get("token"))

    def answer(
        self,
        stage_name: str,
        action_name: str,
        token: str,
        status: str = "Approved",
        name: str = "demo",
    ) -> dict[str, Any]:
        return self.api.put_approval_result(
            {
                "pipelineName": name,
                "stageName": stage_name,
                "actionName": action_name,
                "result": {"status": status, "summary": "looked at it"},
                "token": token,
            }
        )

    def approve(
        self, stage_name: str, action_name: str = "Approve", status: str = "Approved"
    ) -> None:
        self.answer(stage_name, action_name, self.token(stage_name, action_name), status)

    def retry(self, execution_id: str, stage_name: str, mode: str = "FAILED_ACTIONS") -> str:
        return self.api.retry_stage_execution(
            {
                "pipelineName": "demo",
                "stageName": stage_name,
                "pipelineExecutionId": execution_id,
                "retryMode": mode,
            }
        )["pipelineExecutionId"]


@contextmanager
def running(tmp_path: Path, scale: float = 1.0, **options: Any) -> Iterator[Harness]:
    harness = Harness(FakeContext(tmp_path, Clock(scale)), **options)
    try:
        yield harness
    finally:
        harness.provider.close()
