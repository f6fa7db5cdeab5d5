"""A localaws with buckets, key, roles and both state machines, and short ways to run them.

The clock runs fast, so that waits and retries take no time; jobs take the time they take.
"""

from __future__ import annotations

import json
import time
import uuid
from collections.abc import Iterator, Mapping
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from common.archive import check_archive
from create_schema.champion import find_champion, marker
from create_schema.endpoint import resolve_endpoint
from create_schema.resolve import model_package_group, resolve
from create_schema.settings import Settings
from create_schema.use_case import with_overrides
from landing_zone.sources import package
from landing_zone.sources.job_code import code_version
from localaws.testing import REGION, LocalAws, running
from update_schema.service import add_archive, add_inference, split_output
from update_schema.settings import Settings as InferenceSettings

ROOT = Path(__file__).resolve().parents[3]
# Not more: a container has four minutes to become healthy, which are half a minute here.
SCALE = 8
ACCOUNT = "123456789012"
PREFIX = "ml-core-development"
# What infra/modules/deployment computes of the variable rollout.
ROLLOUT = {
    "type": "LINEAR",
    "step_percent": 50,
    "wait_seconds": 600,
    "termination_seconds": 8,
    "maximum_seconds": 3600,
    "poll_seconds": 3,
    "max_error_rate": 0.01,
    "max_latency_microseconds": 2_000_000,
}
IMAGE = f"141502667606.dkr.ecr.{REGION}.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"


class Machines:
    """The state machines and their functions, and what a run finds in S3."""

    def __init__(self, localaws: LocalAws, rollout: Mapping[str, Any] = ROLLOUT) -> None:
        self.client = localaws.client
        self.rollout = rollout
        self.s3 = localaws.client("s3")
        self.sagemaker = localaws.client("sagemaker")
        self.runtime = localaws.client("sagemaker-runtime")
        self.states = localaws.client("stepfunctions")
        key = localaws.client("kms").create_key()["KeyMetadata"]["Arn"]
        self.settings = Settings(
            service="ml-core",
            stage="development",
            source_bucket=f"{PREFIX}-{ACCOUNT}-source-bucket",
            workflow_bucket=f"{PREFIX}-{ACCOUNT}-workflow-bucket",
            kms_key_arn=key,
            prebuilt_image_uri=IMAGE,
            image_repository_uri="",
            region=REGION,
        )
        for bucket in (self.settings.source_bucket, self.settings.workflow_bucket):
            self.s3.create_bucket(
                Bucket=bucket, CreateBucketConfiguration={"LocationConstraint": REGION}
            )
        self.cloudwatch = localaws.client("cloudwatch")
        topic = localaws.client("sns").create_topic(Name=f"{PREFIX}-alarms")["TopicArn"]
        iam = localaws.client("iam")
        self.role = _role(iam, "sagemaker")
        role = _role(iam, "states")
        functions = {
            name: self._function(localaws, name, _role(iam, name.replace("_", "-")), topic)
            for name in ("plan_deployment", "test_endpoint")
        }
        machine = f"arn:aws:states:{REGION}:{ACCOUNT}:stateMachine:{PREFIX}"
        variables = {
            "deploy_arn": f"{machine}-deploy",
            "kms_key_arn": key,
            "plan_deployment_arn": functions["plan_deployment"],
            "prefix": PREFIX,
            "sagemaker_role_arn": self.role,
            "test_endpoint_arn": functions["test_endpoint"],
        }
        self.arns = {}
        for name in ("training", "inference", "deploy"):
            definition = (ROOT / f"workflow/state_machines/{name}.asl.json").read_text()
            for variable, value in variables.items():
                definition = definition.replace(f"${{{variable}}}", value)
            self.arns[name] = self.states.create_state_machine(
                name=f"{PREFIX}-{name}", definition=definition, roleArn=role
            )["stateMachineArn"]

        self._start_by_event(localaws.client("events"), role)

    def _start_by_event(self, events: Any, role: str) -> None:
        """The rule of infra/modules/deployment."""
        pattern = {
            "source": ["aws.sagemaker"],
            "detail-type": ["SageMaker Model Package State Change"],
            "detail": {
                "ModelPackageGroupName": [{"prefix": f"{PREFIX}-"}],
                "ModelApprovalStatus": ["Approved", "Rejected"],
            },
        }
        events.put_rule(Name="decision", EventPattern=json.dumps(pattern))
        target = {
            "Id": "deploy",
            "Arn": self.arns["deploy"],
            "RoleArn": role,
            "InputTransformer": {
                "InputPathsMap": {"group": "$.detail.ModelPackageGroupName"},
                "InputTemplate": '{"ModelPackageGroupName": "<group>", "Target": "prod", '
                '"Reason": "an event", "MayCreate": false}',
            },
        }
        events.put_targets(Rule="decision", Targets=[target])

    def executions(self, machine: str, use_case: str, status: str = "RUNNING") -> list[str]:
        """The executions of one use case, newest first."""
        found = self.states.list_executions(
            stateMachineArn=self.arns[machine], statusFilter=status
        )["executions"]
        arns = [item["executionArn"] for item in found]
        return [
            arn
            for arn in arns
            if use_case in self.states.describe_execution(executionArn=arn)["input"]
        ]

    def outputs(self, machine: str, use_case: str) -> list[dict[str, Any]]:
        """The outputs of the executions of one use case that have succeeded."""
        return [
            json.loads(self.states.describe_execution(executionArn=arn)["output"])
            for arn in self.executions(machine, use_case, "SUCCEEDED")
        ]

    def _function(self, localaws: LocalAws, name: str, role: str, topic: str) -> str:
        """A function as infra/modules/deployment makes it."""
        arn: str = localaws.client("lambda").create_function(
            FunctionName=f"{PREFIX}-{name.replace('_', '-')}",
            Runtime="python3.13",
            Handler="handler.handler",
            Role=role,
            Timeout=120,
            MemorySize=512,
            Code={"ZipFile": package.zip_bytes(package.function_files(ROOT, name))},
            Environment={
                "Variables": {
                    "ALARM_TOPIC_ARN": topic,
                    "KMS_KEY_ARN": self.settings.kms_key_arn,
                    "LOG_LEVEL": "INFO",
                    "ROLLOUT": json.dumps(self.rollout),
                    "SAGEMAKER_ROLE_ARN": self.role,
                    "SERVICE": "ml-core",
                    "STAGE": "development",
                    "WORKFLOW_BUCKET": self.settings.workflow_bucket,
                }
            },
        )["FunctionArn"]
        return arn

    def upload_code(self, scripts: Mapping[str, str] | None = None) -> str:
        """The repository's job code with some scripts replaced; returns its version."""
        files = {
            **package.code_files(ROOT),
            **{name: text.encode() for name, text in (scripts or {}).items()},
        }
        version = version_of(files)
        uploaded = {
            **files,
            "sourcedir.tar.gz": package.tar_gz_bytes(files),
            "CODE_VERSION": f"{version}\n".encode(),
        }
        for name, body in uploaded.items():
            self.s3.put_object(
                Bucket=self.settings.source_bucket, Key=f"code/{version}/{name}", Body=body
            )
        return version

    def manifest(
        self, data: str | None, scripts: Mapping[str, str] | None = None, **changes: Any
    ) -> Any:
        """The manifest of a run of iris, with its data and use case in S3."""
        run_id = str(uuid.uuid4())
        use_case = yaml.safe_load((ROOT / "config/use_cases/iris.yaml").read_text())
        threshold = changes.pop("MetricThreshold", None)
        use_case = with_overrides(use_case, {}, threshold)
        git = json.loads((ROOT / "config/manifest.json").read_text())
        use_case["endpoint"] = resolve_endpoint(use_case, git)
        git |= {"UseCase": "iris", "CodeVersion": self.upload_code(scripts)}
        group = model_package_group(use_case, self.settings)
        groups = self.sagemaker.list_model_package_groups()["ModelPackageGroupSummaryList"]
        if group not in {found["ModelPackageGroupName"] for found in groups}:
            self.sagemaker.create_model_package_group(ModelPackageGroupName=group)
        champion = find_champion(self.s3, self.sagemaker, self.settings, group)
        manifest = {**resolve(git, use_case, run_id, self.settings, champion), **changes}
        if not champion.model_data_url:
            self.put(f"{run_id}/champion/none.json", marker(champion))
        self.put(f"{run_id}/config/use_case.json", json.dumps(use_case))
        self.put(f"{run_id}/source/", "")
        if data is not None:
            self.put(f"{run_id}/source/iris.csv", data)
        return manifest

    def put(self, key: str, body: str | bytes) -> str:
        self.s3.put_object(Bucket=self.settings.workflow_bucket, Key=key, Body=body)
        return f"s3://{self.settings.workflow_bucket}/{key}"

    def get(self, key: str) -> bytes:
        body: bytes = self.s3.get_object(Bucket=self.settings.workflow_bucket, Key=key)[
            "Body"
        ].read()
        return body

    def evaluation(self, output: Mapping[str, Any]) -> dict[str, Any]:
        report: dict[str, Any] = json.loads(
            self.get(f"{output['RunId']}/evaluation/output/evaluation.json")
        )
        return report

    def start(self, machine: str, manifest: Mapping[str, Any]) -> str:
        """As CodePipeline does: the execution's name is a new UUID."""
        arn: str = self.states.start_execution(
            stateMachineArn=self.arns[machine],
            name=str(uuid.uuid4()),
            input=json.dumps(manifest),
        )["executionArn"]
        return arn

    def wait(self, arn: str) -> dict[str, Any]:
        deadline = time.monotonic() + 300
        while time.monotonic() < deadline:
            execution: dict[str, Any] = self.states.describe_execution(executionArn=arn)
            if execution["status"] != "RUNNING":
                return execution
            time.sleep(0.2)
        raise AssertionError(f"{arn} is still running")

    def succeeds(self, machine: str, manifest: Mapping[str, Any]) -> dict[str, Any]:
        execution = self.wait(self.start(machine, manifest))
        assert execution["status"] == "SUCCEEDED", execution.get("cause")
        output: dict[str, Any] = json.loads(execution["output"])
        return output

    def fails(self, machine: str, manifest: Mapping[str, Any]) -> tuple[str, str]:
        execution = self.wait(self.start(machine, manifest))
        assert execution["status"] == "FAILED", execution
        return execution["error"], execution["cause"]

    def inference_manifest(self, output: Mapping[str, Any], **changes: Any) -> dict[str, Any]:
        manifest, result = split_output(dict(output))
        settings = InferenceSettings("ml-core", "development")
        found = self.sagemaker.describe_model_package(ModelPackageName=result["ModelPackageArn"])
        bucket = self.settings.workflow_bucket
        archive = check_archive(self.s3, bucket, result["ModelDataUrl"], found)
        return {**add_archive(add_inference(manifest, result, settings), archive), **changes}


def version_of(files: Mapping[str, bytes]) -> str:
    """The version that a job computes of these files."""
    with TemporaryDirectory() as folder:
        for name, body in files.items():
            path = Path(folder) / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(body)
        return code_version(Path(folder))


def _role(iam: Any, service: str) -> str:
    trust = {
        "Version": "2012-10-17",
        "Statement": [
            {
                "Effect": "Allow",
                "Principal": {"Service": f"{service}.amazonaws.com"},
                "Action": "sts:AssumeRole",
            }
        ],
    }
    arn: str = iam.create_role(RoleName=service, AssumeRolePolicyDocument=json.dumps(trust))[
        "Role"
    ]["Arn"]
    return arn


@pytest.fixture(scope="package")
def fast_localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running(tmp_path_factory.mktemp("states"), "--time-scale", str(SCALE)) as server:
        yield server


@pytest.fixture(scope="package")
def machines(fast_localaws: LocalAws) -> Machines:
    return Machines(fast_localaws)


@pytest.fixture(scope="session")
def iris() -> str:
    return Path(ROOT / "sample-files/iris.csv").read_text()


@pytest.fixture(scope="package")
def trained(machines: Machines, iris: str) -> dict[str, Any]:
    """The output of one training with the repository's own scripts."""
    return machines.succeeds("training", machines.manifest(iris))
