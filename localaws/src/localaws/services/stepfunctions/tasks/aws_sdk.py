"""The aws-sdk integrations: ``arn:aws:states:::aws-sdk:s3:getObject``."""

from __future__ import annotations

from typing import Any

from botocore.response import StreamingBody
from moto.stepfunctions.parser.asl.component.state.exec.state_task.service.state_task_service_aws_sdk import (
    StateTaskServiceAwsSdk,
)

from localaws.services.stepfunctions.tasks.parameters import boto_service
from localaws.services.stepfunctions.tasks.values import iso_timestamps

# The names of the clients in the Java SDK: names of errors begin with them. moto knows two of them.
_SERVICE_NAMES = {
    "applicationautoscaling": "ApplicationAutoScaling",
    "cloudwatch": "CloudWatch",
    "cloudwatchlogs": "CloudWatchLogs",
    "codebuild": "CodeBuild",
    "codepipeline": "CodePipeline",
    "dynamodb": "DynamoDb",
    "ecr": "Ecr",
    "eventbridge": "EventBridge",
    "iam": "Iam",
    "kms": "Kms",
    "lambda": "Lambda",
    "s3": "S3",
    "sagemaker": "SageMaker",
    "sagemakerruntime": "SageMakerRuntime",
    "secretsmanager": "SecretsManager",
    "sfn": "Sfn",
    "sns": "Sns",
    "sqs": "Sqs",
    "ssm": "Ssm",
    "sts": "Sts",
}


class AwsSdkTask(StateTaskServiceAwsSdk):  # type: ignore[misc]  # moto has no types
    """moto's task, with AWS's names of services in errors and answers that can be written as JSON."""

    @staticmethod
    def _normalise_service_error_name(service_name: str) -> str:
        return _SERVICE_NAMES.get(service_name.lower(), service_name[:1].upper() + service_name[1:])

    def _get_boto_service_name(self, boto_service_name: str | None = None) -> str:
        return boto_service(boto_service_name or self.resource.api_name)

    def _eval_service_task(
        self,
        env: Any,
        resource_runtime_part: Any,
        normalised_parameters: dict[str, Any],
        state_credentials: Any,
    ) -> None:
        super()._eval_service_task(
            env, resource_runtime_part, normalised_parameters, state_credentials
        )
        # moto leaves datetime objects in the state, which JSON cannot hold.
        env.stack.append(iso_timestamps(_read_bodies(env.stack.pop())))


def _read_bodies(value: Any) -> Any:
    if isinstance(value, StreamingBody):
        return value.read().decode()
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, dict):
        return {name: _read_bodies(member) for name, member in value.items()}
    if isinstance(value, list):
        return [_read_bodies(member) for member in value]
    return value
