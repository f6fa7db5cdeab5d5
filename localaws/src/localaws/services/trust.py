"""Whether a service may assume a role. AWS checks this when something that has the role is created."""

from __future__ import annotations

from typing import Any

from botocore.exceptions import ClientError

from localaws.core.context import Context


def role_trusts(context: Context, role_arn: str, principal: str) -> bool:
    """Whether a role exists and its trust policy lets a service assume it."""
    try:
        role = context.client("iam").get_role(RoleName=role_arn.rpartition("/")[2])["Role"]
    except ClientError as error:
        if error.response["Error"]["Code"] != "NoSuchEntity":
            raise
        return False
    return role["Arn"] == role_arn and _trusts(role["AssumeRolePolicyDocument"], principal)


def _trusts(policy: dict[str, Any], service: str) -> bool:
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
            and (service in services or principal == "*")
            and any(action in ("sts:AssumeRole", "sts:*", "*") for action in actions)
        ):
            return True
    return False
