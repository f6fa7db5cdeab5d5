"""Whether the policy of a function lets a service invoke it.

A service of localaws that needs such a permission on AWS names itself in a header. For other callers nothing
is checked here.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final

from moto.awslambda.exceptions import LambdaClientError

from localaws.services.sts.conditions import are_met

PRINCIPAL: Final = "X-Localaws-Principal"
SOURCE_ARN: Final = "X-Amz-Source-Arn"
_ACTIONS: Final = ("lambda:InvokeFunction", "lambda:*", "*")


class AccessDeniedError(LambdaClientError):  # type: ignore[misc]  # moto has no types
    """The policy of the function does not allow the invocation."""

    code = 403


def check_permission(
    function: Any, function_name: str, qualifier: str | None, headers: Mapping[str, str]
) -> None:
    """Refuse an invocation by a service that the policy of a function does not allow.

    Args:
        function: moto's record.
        function_name: the name or ARN in the request, which may end with a qualifier.
        qualifier: the qualifier of the request, if it has one of its own.
        headers: of the request. Without the name of a service there is nothing to check.

    Raises:
        AccessDeniedError: no statement allows it.
    """
    principal = headers.get(PRINCIPAL)
    if not principal:
        return
    source = headers.get(SOURCE_ARN, "")
    conditions = {"aws:sourcearn": [source], "aws:sourceaccount": [source.split(":")[4]]}
    arn = _unqualified(function.function_arn)
    wanted = qualifier or _qualifier(function_name)
    resource = f"{arn}:{wanted}" if wanted and wanted != "$LATEST" else arn
    for statement in function.policy.statements:
        if (
            statement.get("Effect") == "Allow"
            and statement.get("Action") in _ACTIONS
            and statement.get("Resource") == resource
            and _names(statement.get("Principal"), principal)
            and are_met(statement.get("Condition", {}), conditions)
        ):
            return
    raise AccessDeniedError(
        "AccessDeniedException",
        f"User: {principal} is not authorized to perform: lambda:InvokeFunction on resource: {resource} "
        "because no resource-based policy allows the lambda:InvokeFunction action",
    )


def _names(principal: Any, service: str) -> bool:
    if principal == "*":
        return True
    names = principal.get("Service", ()) if isinstance(principal, dict) else ()
    return service in ([names] if isinstance(names, str) else names)


def _unqualified(arn: str) -> str:
    return ":".join(arn.split(":")[:7])


def _qualifier(name: str) -> str:
    parts = name.split(":")
    return parts[7] if name.startswith("arn:") and len(parts) == 8 else ""
