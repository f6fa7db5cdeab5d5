"""What a service calls for a role when something runs: log lines, traces, grants for encrypted volumes.

localaws writes the lines itself, so that a missing permission does not end a job. A denial is recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any, Final

from localaws.services.iam import stores
from localaws.services.iam.authorization import Authorization, Kind
from localaws.services.iam.identities import role_principal
from localaws.services.iam.operations import Operation

_DOCS: Final = "https://docs.aws.amazon.com"
_SAGEMAKER_ROLES: Final = f"{_DOCS}/sagemaker/latest/dg/sagemaker-roles.html"
_LAMBDA_LOGS: Final = f"{_DOCS}/lambda/latest/dg/monitoring-cloudwatchlogs.html"
_LAMBDA_TRACES: Final = f"{_DOCS}/lambda/latest/dg/services-xray.html"
_WRITE: Final = ("logs:CreateLogStream", "logs:PutLogEvents")
_TRACE: Final = ("xray:PutTelemetryRecords", "xray:PutTraceSegments")
# By operation, the log group of the job. Transform jobs run with the role of their model.
_JOB_GROUPS: Final = {
    "CreateProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "CreateTrainingJob": "/aws/sagemaker/TrainingJobs",
}


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
    if (function.tracing_config or {}).get("Mode") == "Active":
        for action in _TRACE:
            yield _needed(principal, action, "*", _LAMBDA_TRACES)


def _needed(
    principal: Any,
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
    ("sagemaker", "CreateProcessingJob"): of_job,
    ("sagemaker", "CreateTrainingJob"): of_job,
}
