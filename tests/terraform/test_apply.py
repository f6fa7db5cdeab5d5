"""The whole stack on localaws, deployed with the commands of infra/README.md."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

import boto3
import pytest
from python_terraform import IsFlagged, IsNotFlagged

from landing_zone.core.deployment import Deployment, expected_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import (
    APPROVE_MODEL,
    FROM_MANIFEST,
    MANIFEST_ARTIFACTS,
    MANIFEST_KEY,
    RESOURCES,
    UPLOAD_DATA,
    UPLOAD_INFERENCE_DATA,
    Names,
)
from landing_zone.core.settings import load_settings
from landing_zone.stack.locks import explained_state_lock
from landing_zone.stack.terraform import TerraformError
from tests.terraform.runner import Terraform, aws_free_environment, copy_parts

PREFIX = "ml-core-development"
ACCOUNT = "123456789012"
NAMES = Names(load_settings({}), ACCOUNT)
STATE_BUCKET = NAMES.state_bucket
VARIABLES = "../config/environments/development.tfvars"
# IAM knows no resource for these: service authorization reference of each service.
WITHOUT_RESOURCE = {
    "application-autoscaling:DescribeScalableTargets",
    "application-autoscaling:DescribeScalingPolicies",
    "cloudwatch:GetMetricData",
    "cloudwatch:PutMetricData",
    "codepipeline:PutJobFailureResult",
    "codepipeline:PutJobSuccessResult",
    "ecr:GetAuthorizationToken",
    "logs:CreateLogDelivery",
    "logs:DeleteLogDelivery",
    "logs:DescribeLogGroups",
    "logs:DescribeResourcePolicies",
    "logs:GetLogDelivery",
    "logs:ListLogDeliveries",
    "logs:PutResourcePolicy",
    "logs:UpdateLogDelivery",
    "sagemaker:ListEndpoints",
    "sagemaker:ListModelPackages",
    "xray:GetSamplingRules",
    "xray:GetSamplingTargets",
    "xray:PutTelemetryRecords",
    "xray:PutTraceSegments",
}


@dataclass(frozen=True)
class Stack:
    terraform: Terraform
    client: Callable[[str], Any]


def readme_commands(checkout: Path) -> str:
    return re.findall(r"```sh\n(.*?)```", (checkout / "infra/README.md").read_text(), re.DOTALL)[0]


@pytest.fixture(scope="module")
def stack(localaws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Stack]:
    """Applied once for this module by the README's own commands."""
    checkout = copy_parts(tmp_path_factory.mktemp("stack"))
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    environment = {**aws_free_environment(), **keys, "AWS_ENDPOINT_URL": localaws}
    commands = f"set -euo pipefail\n{readme_commands(checkout)}\nenv -0 >environment\n"
    done = subprocess.run(
        ["bash", "-c", commands],
        cwd=checkout,
        env=environment,
        input="yes\n",
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout[-3000:] + done.stderr[-3000:]
    lines = (checkout / "environment").read_text().rstrip("\0").split("\0")
    terraform = Terraform(checkout / "infra", dict(line.split("=", 1) for line in lines))

    def client(service: str) -> Any:
        return boto3.client(service, endpoint_url=localaws, region_name="eu-west-1",
                            aws_access_key_id="test", aws_secret_access_key="test")  # fmt: skip

    yield Stack(terraform, client)


def test_a_plan_after_the_apply_changes_nothing(stack: Stack) -> None:
    code, out, err = stack.terraform.plan(var_file=VARIABLES)  # exit code 2 would be: changes
    assert code == 0, out + err
    assert "No changes" in out


def test_a_second_apply_does_nothing(stack: Stack) -> None:
    out = stack.terraform.run(
        "apply", input=False, var_file=VARIABLES, **{"auto-approve": IsFlagged}
    )
    assert "0 added, 0 changed, 0 destroyed" in out


def test_the_state_is_in_the_bucket_and_unlocked(stack: Stack) -> None:
    listed = stack.client("s3").list_objects_v2(Bucket=STATE_BUCKET)
    keys = [item["Key"] for item in listed["Contents"]]
    assert keys == ["eu-west-1/ml-core/development/terraform.tfstate"]


def test_scripts_find_everything_in_the_parameters(stack: Stack) -> None:
    ssm = stack.client("ssm")
    pages = ssm.get_paginator("get_parameters_by_path").paginate(Path="/ml-core/development")
    found = {p["Name"].rsplit("/", 1)[1]: p["Value"] for page in pages for p in page["Parameters"]}
    names = stack.client("stepfunctions").list_state_machines()["stateMachines"]
    machines = {machine["name"]: machine["stateMachineArn"] for machine in names}
    assert found["pipeline_name"] == f"{PREFIX}-ml-pipeline"
    assert found["training_step_function_arn"] == machines[f"{PREFIX}-training"]
    assert found["inference_step_function_arn"] == machines[f"{PREFIX}-inference"]
    for word in ("source", "workflow", "artifact"):
        assert found[f"{word}_bucket"] == f"{PREFIX}-{ACCOUNT}-{word}-bucket"
    for word in ("create", "update"):
        name = found[f"{word}_schema_lambda_name"]
        function = stack.client("lambda").get_function(FunctionName=name)["Configuration"]
        assert function["Environment"]["Variables"]["STAGE"] == "development"


def test_the_names_are_those_that_the_scripts_know(stack: Stack) -> None:
    """A new resource of these kinds needs a row in the table, or quick-destroy.sh does not know it."""
    kinds = {resource.address.rsplit(".", 2)[1] for resource in RESOURCES.values()}
    shown = json.loads(stack.terraform.run("show", json=IsFlagged))
    built = {
        resource["address"]: resource["values"].get("bucket") or resource["values"]["name"]
        for resource in resources_of(shown["values"]["root_module"])
        if resource["mode"] == "managed" and resource["type"] in kinds
    }
    assert built == {resource.address: NAMES.of(key) for key, resource in RESOURCES.items()}


def resources_of(module: dict[str, Any]) -> Iterator[dict[str, Any]]:
    """The resources of a module and of the modules that it calls."""
    yield from module.get("resources", [])
    for child in module.get("child_modules", []):
        yield from resources_of(child)


def test_the_parameters_and_the_pipeline_have_the_names_that_the_scripts_know(stack: Stack) -> None:
    ssm = stack.client("ssm")
    for field in fields(Deployment):
        name = f"{NAMES.settings.parameter_path}/{field.name}"
        value = ssm.get_parameter(Name=name)["Parameter"]["Value"]
        assert value == getattr(expected_deployment(NAMES), field.name)
    role = ssm.get_parameter(Name=NAMES.sagemaker_role_parameter)["Parameter"]["Value"]
    assert role.endswith(f"/{PREFIX}-sagemaker")
    machines = stack.client("stepfunctions").list_state_machines()["stateMachines"]
    assert {m["stateMachineArn"] for m in machines} == set(NAMES.state_machine_arns)
    pipeline = stack.client("codepipeline").get_pipeline(name=NAMES.of("pipeline"))["pipeline"]
    actions = [action for stage in pipeline["stages"] for action in stage["actions"]]
    approvals = [a["name"] for a in actions if a["actionTypeId"]["provider"] == "Manual"]
    assert approvals == [UPLOAD_DATA, APPROVE_MODEL, UPLOAD_INFERENCE_DATA]
    artifacts = [artifact["name"] for a in actions for artifact in a["outputArtifacts"]]
    assert artifacts == ["SourceArtifact", *reversed(MANIFEST_ARTIFACTS)]
    assert actions[0]["configuration"]["S3ObjectKey"] == MANIFEST_KEY
    assert {variable["defaultValue"] for variable in pipeline["variables"]} == {FROM_MANIFEST}


def test_a_locked_state_names_its_holder(stack: Stack) -> None:
    lock = {
        "ID": "c7d0f0a4-0000-0000-0000-000000000000", "Operation": "OperationTypeApply", "Info": "",
        "Who": "ann@laptop", "Version": "1.11.0", "Created": "2026-01-02T03:04:05.678Z", "Path": "x",
    }  # fmt: skip
    s3, key = stack.client("s3"), f"{NAMES.settings.state_key}.tflock"
    s3.put_object(Bucket=STATE_BUCKET, Key=key, Body=json.dumps(lock))
    try:
        code, out, err = stack.terraform.plan(var_file=VARIABLES)
        assert code == 1, out
        assert "Error acquiring the state lock" in err
        assert "ann@laptop" in err
        with (
            pytest.raises(OperatorError, match="is locked by ann@laptop since 2026-01-02T03:04:05"),
            explained_state_lock(s3, NAMES),
        ):
            raise TerraformError(err)
    finally:
        s3.delete_object(Bucket=STATE_BUCKET, Key=key)


def test_the_pipeline_is_the_documented_one(stack: Stack) -> None:
    pipeline = stack.client("codepipeline").get_pipeline(name=f"{PREFIX}-ml-pipeline")["pipeline"]
    assert (pipeline["pipelineType"], pipeline["executionMode"]) == ("V2", "QUEUED")
    approvals = [
        (stage["name"], action["name"])
        for stage in pipeline["stages"]
        for action in stage["actions"]
        if action["actionTypeId"]["provider"] == "Manual"
    ]
    assert approvals == [
        ("MachineLearningStage", "UploadSourceData"),
        ("ApproveModelStage", "ApproveModel"),
        ("InferenceStage", "UploadInferenceDataConfirmation"),
    ]


def statements(stack: Stack) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every statement of every role, with the role's name."""
    iam = stack.client("iam")
    for role in iam.list_roles()["Roles"]:
        assert not iam.list_attached_role_policies(RoleName=role["RoleName"])["AttachedPolicies"]
        for name in iam.list_role_policies(RoleName=role["RoleName"])["PolicyNames"]:
            document = iam.get_role_policy(RoleName=role["RoleName"], PolicyName=name)
            policy = document["PolicyDocument"]
            policy = json.loads(policy) if isinstance(policy, str) else policy
            for statement in policy["Statement"]:
                yield role["RoleName"], statement


def as_list(value: str | list[str]) -> list[str]:
    return [value] if isinstance(value, str) else value


def test_no_role_may_do_more_than_it_names(stack: Stack) -> None:
    found = list(statements(stack))
    assert {role for role, _ in found} == {
        f"{PREFIX}-{word}"
        for word in (
            "create-schema", "update-schema", "infer", "plan-deployment", "test-endpoint",
            "plan-drift", "start-retraining", "start-job", "find-idle-endpoints", "training",
            "inference", "deploy", "drift", "sagemaker", "ml-pipeline", "manifest-uploaded",
            "model-decision", "drift-schedule", "cost-schedules",
        )
    }  # fmt: skip
    for role, statement in found:
        actions = as_list(statement["Action"])
        assert not [action for action in actions if "*" in action], (role, statement)
        if "*" in as_list(statement["Resource"]):
            assert set(actions) <= WITHOUT_RESOURCE, (role, statement)


def test_state_machines_pass_a_role_and_only_to_sagemaker(stack: Stack) -> None:
    passing = [(r, s) for r, s in statements(stack) if "iam:PassRole" in as_list(s["Action"])]
    assert sorted(role for role, _ in passing) == [
        f"{PREFIX}-{machine}" for machine in ("deploy", "drift", "training")
    ]
    for _, statement in passing:
        assert statement["Resource"].endswith(f":role/{PREFIX}-sagemaker")
        condition = {"StringEquals": {"iam:PassedToService": "sagemaker.amazonaws.com"}}
        assert statement["Condition"] == condition


def test_each_role_trusts_one_service(stack: Stack) -> None:
    for role in stack.client("iam").list_roles()["Roles"]:
        (trust,) = role["AssumeRolePolicyDocument"]["Statement"]
        assert re.fullmatch(r"[a-z]+\.amazonaws\.com", trust["Principal"]["Service"])


def test_idle_endpoints_are_counted_by_the_deployed_function(stack: Stack) -> None:
    name = f"{PREFIX}-find-idle-endpoints"
    schedule = stack.client("scheduler").get_schedule(Name=name)
    assert schedule["ScheduleExpression"] == "rate(1 hour)"
    answer = stack.client("lambda").invoke(FunctionName=schedule["Target"]["Arn"], Payload=b"{}")
    assert json.loads(answer["Payload"].read()) == {"Idle": []}
    metrics = stack.client("cloudwatch").list_metrics(Namespace=PREFIX)["Metrics"]
    assert [metric["MetricName"] for metric in metrics] == ["IdleEndpoints"]


@pytest.mark.parametrize("stage", ["staging", "production"])
def test_the_other_environments_can_be_planned(stack: Stack, stage: str) -> None:
    variables = f"../config/environments/{stage}.tfvars"
    code, out, err = stack.terraform.plan(var_file=variables, refresh=False, lock=False)
    assert code == 2, out + err
    assert f"ml-core-{stage}-ml-pipeline" in out


def test_destroy_leaves_nothing(stack: Stack) -> None:
    """The last test, since it destroys the stack; in development the content of buckets too."""
    for body in (b"old", b"new"):
        bucket = f"{PREFIX}-{ACCOUNT}-workflow-bucket"
        stack.client("s3").put_object(Bucket=bucket, Key="run/source/data.csv", Body=body)
    stack.terraform.run("destroy", input=False, var_file=VARIABLES,
                        force=IsNotFlagged, **{"auto-approve": IsFlagged})  # fmt: skip
    left = {
        "buckets": [b["Name"] for b in stack.client("s3").list_buckets()["Buckets"]],
        "roles": stack.client("iam").list_roles()["Roles"],
        "parameters": stack.client("ssm").describe_parameters()["Parameters"],
        "apis": stack.client("apigatewayv2").get_apis()["Items"],
        "functions": stack.client("lambda").list_functions()["Functions"],
        "log groups": stack.client("logs").describe_log_groups()["logGroups"],
        "machines": stack.client("stepfunctions").list_state_machines()["stateMachines"],
        "pipelines": stack.client("codepipeline").list_pipelines()["pipelines"],
        "rules": stack.client("events").list_rules()["Rules"],
        "topics": stack.client("sns").list_topics()["Topics"],
        "alarms": stack.client("cloudwatch").describe_alarms()["MetricAlarms"],
        "schedules": stack.client("scheduler").list_schedules()["Schedules"],
        "repositories": stack.client("ecr").describe_repositories()["repositories"],
    }
    assert {kind: found for kind, found in left.items() if found} == {"buckets": [STATE_BUCKET]}
    keys = [key["KeyId"] for key in stack.client("kms").list_keys()["Keys"]]
    states = [stack.client("kms").describe_key(KeyId=key)["KeyMetadata"] for key in keys]
    ours = [state for state in states if PREFIX in state["Description"]]
    # One encrypts, the other signs.
    assert [state["KeyState"] for state in ours] == ["PendingDeletion"] * 2
