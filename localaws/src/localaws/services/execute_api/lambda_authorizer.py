"""A Lambda function as the authorization of a route.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-lambda-authorizer.html
"""

from __future__ import annotations

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.execute_api import identity_source
from localaws.services.execute_api.events import authorizer_event
from localaws.services.execute_api.functions import FunctionError, function_arn, invoke
from localaws.services.execute_api.request import INVOKE, RefusedError, Request
from localaws.services.iam import context_keys, decision
from localaws.services.iam.document import parse_object
from localaws.services.iam.principals import Principal

_TIMEOUT_SECONDS: Final = 10.0
_CACHED: Final = 1000


@dataclass(frozen=True)
class _Decision:
    """What an authorizer has returned."""

    result: Mapping[str, Any]
    made: float


class LambdaAuthorizer:
    """Calls authorizers, and keeps their decisions for as long as they are valid."""

    def __init__(self, context_of: Callable[[str], Context]) -> None:
        self._context_of = context_of
        self._lock = threading.Lock()
        self._decisions: dict[tuple[str, ...], _Decision] = {}

    def check(self, request: Request, authorizer: Mapping[str, Any]) -> None:
        """Let a request pass that the function allows.

        Raises:
            RefusedError: 401 where an identity source is missing, 403 where the function denies, 500 where
                it fails or returns something else.
        """
        identity = identity_source.values(request, authorizer.get("IdentitySource") or ())
        if identity is None:
            request.log["authorizer.error"] = "an identity source is missing"
            raise RefusedError(401, "Unauthorized", kind="UNAUTHORIZED")
        result = self._decide(request, authorizer, identity)
        try:
            is_allowed, found = (
                _simple(result)
                if authorizer.get("EnableSimpleResponses")
                else _policy(request, result)
            )
        except (KeyError, TypeError, ValueError) as error:
            reason = f"the authorizer returned something else than a decision: {error!r}"
            raise _failed(request, reason) from error
        if not is_allowed:
            request.log["authorizer.error"] = "the authorizer denies the request"
            raise RefusedError(403, "Forbidden", kind="ACCESS_DENIED")
        request.authorizer["lambda"] = found

    def _decide(
        self, request: Request, authorizer: Mapping[str, Any], identity: list[str]
    ) -> Mapping[str, Any]:
        context = self._context_of(request.api.region)
        seconds = authorizer["AuthorizerResultTtlInSeconds"]
        # Another deployment may have another function behind the same id.
        key = (
            request.api.id,
            request.stage.name,
            authorizer["AuthorizerId"],
            authorizer["AuthorizerUri"],
            *identity,
        )
        now = context.clock.monotonic()
        with self._lock:
            known = self._decisions.get(key)
        if known is not None and now - known.made < seconds:
            return known.result
        result = self._call(context, request, authorizer, identity)
        if seconds:
            with self._lock:
                if len(self._decisions) >= _CACHED:
                    self._decisions.clear()
                self._decisions[key] = _Decision(result, now)
        return result

    @staticmethod
    def _call(
        context: Context, request: Request, authorizer: Mapping[str, Any], identity: list[str]
    ) -> Mapping[str, Any]:
        event = authorizer_event(request, authorizer["AuthorizerPayloadFormatVersion"], identity)
        try:
            payload = invoke(
                context,
                function_arn(authorizer["AuthorizerUri"], request.variables),
                json.dumps(event).encode(),
                source_arn=request.arn(f"authorizers/{authorizer['AuthorizerId']}"),
                credentials_arn=authorizer.get("AuthorizerCredentialsArn"),
                seconds=_TIMEOUT_SECONDS,
            )
        except FunctionError as error:
            raise _failed(request, f"{error.code}: {error}") from error
        result = json.loads(payload)
        if not isinstance(result, dict):
            raise _failed(request, f"the authorizer returned {result!r}")
        return result


def _simple(result: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    if not isinstance(result["isAuthorized"], bool):
        raise TypeError(f"isAuthorized is {result['isAuthorized']!r}")
    return result["isAuthorized"], dict(result.get("context") or {})


def _policy(request: Request, result: Mapping[str, Any]) -> tuple[bool, dict[str, Any]]:
    principal = str(result["principalId"])
    request.log["authorizer.principalId"] = principal
    policies = decision.Policies(identity=[parse_object(result["policyDocument"])])
    caller = Principal("user", principal, request.api.account_id, principal)
    keys = context_keys.of_principal(caller)
    asked = decision.Request(caller, INVOKE, request.invoked_arn, keys)
    found = {**(result.get("context") or {}), "principalId": principal}
    return decision.decide(asked, policies).allowed, found


def _failed(request: Request, reason: str) -> RefusedError:
    request.log["authorizer.error"] = reason
    return RefusedError(500, "Internal Server Error", reason, kind="AUTHORIZER_FAILURE")
