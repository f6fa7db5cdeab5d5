"""What a service calls for a role when something runs: log lines, traces, grants for encrypted volumes.

localaws writes the lines itself, so that a missing permission does not end a job. A denial is recorded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Final

from localaws.services.iam import stores
from localaws.services.iam.authorization import Authorization, Kind
from localaws.services.iam.identities import role_principal
from localaws.services.iam.operations import Operation
from localaws.services.iam.principals import Principal

_DOCS: Final = "https://docs.aws.amazon.com"
_SAGEMAKER_ROLES: Final = f"{_DOCS}/sagemaker/latest/dg/sagemaker-roles.html"
_LAMBDA_LOGS: Final = f"{_DOCS}/lambda/latest/dg/monitoring-cloudwatchlogs.html"
_LAMBDA_TRACES: Final = f"{_DOCS}/lambda/latest/dg/services-xray.html"
_LAMBDA_SETTINGS: Final = f"{_DOCS}/lambda/latest/dg/configuration-envvars-encryption.html"
_SCHEDULER_KMS: Final = f"{_DOCS}/scheduler/latest/UserGuide/encryption-rest.html"
_WRITE: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_TRACE: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
# By operation, the log group of the job. Transform jobs run with the role of their model.
_JOB_GROUPS: Final = {
    "CreateProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "CreateTrainingJob": "/aws/sagemaker/TrainingJobs",
}


_IMAGE = re.compile(r"(?P<account>\d{12})\.dkr\.ecr\.(?P<region>[\w-]+)\.[\w.]+/(?P<name>[^:@]+)")
_PULL: Final = (
    "ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer",
)  # fmt: skip
_STATES_TRACES: Final = f"{_DOCS}/step-functions/latest/dg/concepts-xray-tracing.html"
_TRACE_OF_STATES: Final = (*_TRACE, "xray:GetSamplingRules", "xray:GetSamplingTargets")


def of_job(operation: Operation) -> Iterator[Authorization]:
    """A job writes its log with its role, and its encrypted volumes need a grant."""
    params = operation.params
    role = stores.find_role(str(params.get("RoleArn") or ""))
    if role is None:
        return
    job = role_principal(role, "SageMaker")
    name = str(params.get("ProcessingJobName") or params.get("TrainingJobName") or "")
    group = operation.arn("logs", f"log-group:{_JOB_GROUPS[operation.name]}")
    yield _needed(job, "logs:CreateLogGroup", f"{group}:log-stream:", _SAGEMAKER_ROLES)
    yield _needed(job, "logs:DescribeLogStreams", f"{group}:log-stream:", _SAGEMAKER_ROLES)
    for action in _WRITE:
        yield _needed(job, action, f"{group}:log-stream:{name}/algo-1", _SAGEMAKER_ROLES)
    image = (params.get("AppSpecification") or params.get("AlgorithmSpecification") or {}).get(
        "ImageUri"
    ) or (params.get("AlgorithmSpecification") or {}).get("TrainingImage")
    yield from pulled(job, str(image or ""))
    yield _needed(
        job, "cloudwatch:PutMetricData", "*", _SAGEMAKER_ROLES,
        {"cloudwatch:namespace": [_JOB_GROUPS[operation.name]]},
    )  # fmt: skip
    cluster = (params.get("ProcessingResources") or {}).get("ClusterConfig") or {}
    volume = cluster.get("VolumeKmsKeyId") or (params.get("ResourceConfig") or {}).get(
        "VolumeKmsKeyId"
    )
    key = stores.key_arn(str(volume), operation.region) if volume else ""
    if key:
        context = {
            "kms:viaservice": [f"sagemaker.{operation.region}.amazonaws.com"],
            "kms:grantisforawsresource": ["true"],
        }
        yield _needed(job, "kms:CreateGrant", key, _SAGEMAKER_ROLES, context)


def of_model(operation: Operation) -> Iterator[Authorization]:
    """A model's containers are pulled with its role when it is hosted or transforms."""
    role = stores.find_role(str(operation.params.get("ExecutionRoleArn") or ""))
    if role is None:
        return
    primary = operation.params.get("PrimaryContainer")
    containers = [*([primary] if primary else []), *(operation.params.get("Containers") or [])]
    for container in containers:
        yield from pulled(role_principal(role, "SageMaker"), str(container.get("Image") or ""))


def pulled(principal: Principal, image: str) -> Iterator[Authorization]:
    """What pulling an image from a private registry of ECR needs."""
    found = _IMAGE.match(image)
    if found is None:
        return
    yield _needed(principal, "ecr:GetAuthorizationToken", "*", _SAGEMAKER_ROLES)
    repository = f"arn:aws:ecr:{found['region']}:{found['account']}:repository/{found['name']}"
    for action in _PULL:
        yield _needed(principal, action, repository, _SAGEMAKER_ROLES)


def of_execution(operation: Operation) -> Iterator[Authorization]:
    """A state machine writes its traces with its role."""
    from moto.stepfunctions.models import stepfunctions_backends

    arn = str(operation.params.get("stateMachineArn") or "")
    machines = stepfunctions_backends[operation.account][operation.region].state_machines
    machine = next((item for item in list(machines) if item.arn == arn), None)
    role = None if machine is None else stores.find_role(str(machine.roleArn))
    if machine is None or role is None or not (machine.tracingConfiguration or {}).get("enabled"):
        return
    principal = role_principal(role, arn.rpartition(":")[2])
    for action in _TRACE_OF_STATES:
        yield _needed(principal, action, "*", _STATES_TRACES)


def of_invocation(operation: Operation) -> Iterator[Authorization]:
    """A function writes its log and its traces with its role."""
    from moto.awslambda.models import lambda_backends

    name = str(operation.params.get("FunctionName") or "")
    try:
        function = lambda_backends[operation.account][operation.region].get_function(name)
    except Exception:
        # moto has a class of errors for each reason that there is no such function.
        return
    role = stores.find_role(str(function.role))
    if role is None:
        return
    principal = role_principal(role, function.function_name)
    group = operation.arn("logs", f"log-group:{function.log_group}")
    for action in _WRITE:
        yield _needed(principal, action, f"{group}:log-stream:*", _LAMBDA_LOGS)
    key = stores.key_arn(str(function.kms_key_arn or ""), operation.region)
    if key and function.environment_vars:
        context = {
            "kms:encryptioncontext:aws:lambda:functionarn": [str(function.function_arn)],
            "kms:viaservice": [f"lambda.{operation.region}.amazonaws.com"],
        }
        yield _needed(principal, "kms:Decrypt", key, _LAMBDA_SETTINGS, context)
    if (function.tracing_config or {}).get("Mode") == "Active":
        for action in _TRACE:
            yield _needed(principal, action, "*", _LAMBDA_TRACES)


def of_assumed_role(operation: Operation) -> Iterator[Authorization]:
    """EventBridge Scheduler decrypts a schedule with the role of its target before it calls the target."""
    from moto.scheduler.models import scheduler_backends

    role = stores.find_role(str(operation.params.get("RoleArn") or ""))
    if role is None:
        return
    groups = scheduler_backends[operation.account][operation.region].schedule_groups
    for schedule in [item for group in list(groups.values()) for item in group.schedules.values()]:
        key = stores.key_arn(str(schedule.kms_key_arn or ""), operation.region)
        if key and schedule.target.get("RoleArn") == role.arn:
            context = {"kms:viaservice": [f"scheduler.{operation.region}.amazonaws.com"]}
            principal = role_principal(role, "scheduler")
            yield _needed(principal, "kms:Decrypt", key, _SCHEDULER_KMS, context)


def _needed(
    principal: Principal,
    action: str,
    resource: str,
    source: str,
    context: Mapping[str, Sequence[str]] | None = None,
) -> Authorization:
    return Authorization(
        action, resource, context or {}, Kind.SERVICE, source, principal=principal, refuses=False
    )


RULES: Final = {
    ("lambda", "Invoke"): of_invocation,
    ("sagemaker", "CreateModel"): of_model,
    ("sagemaker", "CreateProcessingJob"): of_job,
    ("sagemaker", "CreateTrainingJob"): of_job,
    ("states", "StartExecution"): of_execution,
    ("sts", "AssumeRole"): of_assumed_role,
}
