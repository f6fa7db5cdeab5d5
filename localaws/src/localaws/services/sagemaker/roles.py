"""Whether SageMaker may assume a role. AWS checks this when a job or a model is created."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.context import Context
from localaws.services.sagemaker.errors import validation

_PRINCIPAL = "sagemaker.amazonaws.com"


def check_role(context: Context, role_arn: str) -> None:
    """Refuse a role that does not exist or does not trust SageMaker.

    Raises:
        AwsError: ValidationException in the words of AWS.
    """
    try:
        role = context.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        role = None
    if role is None or role["Arn"] != role_arn or not _trusts(role["AssumeRolePolicyDocument"]):
        raise validation(
            f"Could not assume role {role_arn}. Please ensure that the role exists and allows "
            f"principal '{_PRINCIPAL}' to assume the role."
        )


def _trusts(policy: dict[str, Any]) -> bool:
    statements = policy.get("Statement", [])
    if isinstance(statements, dict):
        statements = [statements]
    for statement in statements:
        principal = statement.get("Principal", {})
        services = principal.get("Service", []) if isinstance(principal, dict) else []
        services = [services] if isinstance(services, str) else services
        actions = statement.get("Action", [])
        actions = [actions] if isinstance(actions, str) else actions
        if (
            statement.get("Effect") == "Allow"
            and (_PRINCIPAL in services or principal == "*")
            and any(action in ("sts:AssumeRole", "sts:*", "*") for action in actions)
        ):
            return True
    return False
