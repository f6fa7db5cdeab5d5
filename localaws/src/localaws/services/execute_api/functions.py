"""Calls of Lambda functions by API Gateway."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from functools import lru_cache
from typing import Any, Final

from botocore.config import Config
from botocore.exceptions import ClientError, ConnectionError, HTTPClientError, ReadTimeoutError

from localaws.core.context import Context

PRINCIPAL: Final = "apigateway.amazonaws.com"
_FUNCTION: Final = re.compile(r"arn:[^:]+:lambda:(?P<region>[^:]+):\d{12}:function:[^/]+")
_source_arn: ContextVar[str] = ContextVar("source_arn", default="")


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
    client = _client(context, credentials_arn, seconds)
    with _from(source_arn if credentials_arn is None else ""):
        try:
            answer = client.invoke(FunctionName=arn, Payload=payload)
        except ReadTimeoutError as error:
            raise FunctionError(
                "Timeout", f"{arn} did not answer in {seconds:g} seconds"
            ) from error
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


def _client(context: Context, credentials_arn: str | None, seconds: float) -> Any:
    client = context.client("lambda", credentials_arn, _config(seconds))
    # The same id registers once, however often it is called.
    client.meta.events.register("before-call.lambda.Invoke", _add_source, unique_id="execute-api")
    return client


@contextmanager
def _from(source_arn: str) -> Iterator[None]:
    token = _source_arn.set(source_arn)
    try:
        yield
    finally:
        _source_arn.reset(token)


def _add_source(params: dict[str, Any], **_: Any) -> None:
    if _source_arn.get():
        params["headers"]["X-Localaws-Principal"] = PRINCIPAL
        params["headers"]["X-Amz-Source-Arn"] = _source_arn.get()
