"""Calls of Lambda functions by API Gateway."""

from __future__ import annotations

import re
from collections.abc import Mapping
from functools import lru_cache
from typing import Final

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, ReadTimeoutError

from localaws.core.acting import Acting
from localaws.core.context import Context
from localaws.services.iam.authorization import Authorization
from localaws.services.iam.authorizer import authorize
from localaws.services.iam.explain import message
from localaws.services.iam.principals import service

_FUNCTION: Final = re.compile(r"arn:[^:]+:lambda:(?P<region>[^:]+):\d{12}:function:[^/]+")


class FunctionError(Exception):
    """The function did not give a result.

    Args:
        code: of Lambda, for example ``AccessDeniedException``; ``FunctionError`` for an exception of the
            function, ``Timeout`` where it took too long.
        message: what Lambda says.
    """

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def function_arn(uri: str, variables: Mapping[str, str]) -> str:
    """The ARN of the function in the URI of an integration or an authorizer.

    Args:
        uri: the ARN of a function, or the URI with which REST APIs name one.
        variables: those of the stage, which take the place of ``${stageVariables.name}``.

    Raises:
        FunctionError: there is none.
    """
    filled = re.sub(r"\$\{stageVariables\.(\w+)\}", lambda name: variables.get(name[1], ""), uri)
    found = _FUNCTION.search(filled)
    if not found:
        raise FunctionError("ValidationException", f"{filled} names no Lambda function")
    return found[0]


def invoke(
    context: Context,
    arn: str,
    payload: bytes,
    *,
    source_arn: str,
    credentials_arn: str | None,
    seconds: float,
) -> bytes:
    """Invoke a function and wait for its result.

    Args:
        context: of the API's region.
        arn: of the function, a version or an alias.
        payload: the event.
        source_arn: what invokes it. Without ``credentials_arn`` the policy of the function has to allow
            that API Gateway invokes it for this ARN.
        credentials_arn: a role whose permissions are used instead of the policy of the function.
        seconds: how long to wait, in real time.

    Raises:
        FunctionError: the function did not give a result.
    """
    acting = None if credentials_arn else context.acting(source_arn)
    if acting is not None:
        _check_permission(acting, arn)
    client = context.client("lambda", credentials_arn, _config(seconds), acting)
    try:
        answer = client.invoke(FunctionName=arn, Payload=payload)
    except ReadTimeoutError as error:
        raise FunctionError("Timeout", f"{arn} did not answer in {seconds:g} seconds") from error
    except (ConnectionError, HTTPClientError) as error:
        raise FunctionError("ServiceException", str(error)) from error
    except ClientError as error:
        details = error.response["Error"]
        raise FunctionError(details["Code"], details["Message"]) from error
    result: bytes = answer["Payload"].read()
    if answer.get("FunctionError"):
        raise FunctionError("FunctionError", result.decode(errors="replace"))
    return result


@lru_cache(maxsize=64)
def _config(seconds: float) -> Config:
    return Config(read_timeout=seconds)


def _check_permission(acting: Acting, arn: str) -> None:
    """Refuse what the policy of the function does not allow, also where IAM is not enforced."""
    caller = service(acting.principal, acting.account, acting.source_arn)
    request, decision = authorize(caller, Authorization("lambda:InvokeFunction", arn), {})
    if not decision.allowed:
        raise FunctionError("AccessDeniedException", message(request, decision))
