"""Whether a caller may use a route: NONE, AWS_IAM, JWT or CUSTOM (a Lambda authorizer)."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Final

from localaws.core.context import Context
from localaws.services.execute_api.callers import ACTION, find_caller
from localaws.services.execute_api.jwt_authorizer import JwtAuthorizer
from localaws.services.execute_api.lambda_authorizer import LambdaAuthorizer
from localaws.services.execute_api.request import RefusedError, Request
from localaws.services.execute_api.signature import Signature, SignatureError

_FORBIDDEN: Final = "Forbidden"


class Authorization:
    """Checks each request by the authorization of its route.

    Args:
        context_of: the context of a region.
    """

    def __init__(self, context_of: Callable[[str], Context]) -> None:
        self._context_of = context_of
        self._jwt = JwtAuthorizer(context_of)
        self._lambda = LambdaAuthorizer(context_of)

    def check(self, request: Request) -> None:
        """Let a request pass and note what is known about its caller.

        Raises:
            RefusedError: 401 or 403; 500 where a Lambda authorizer failed.
        """
        assert request.match is not None
        route = request.match.route
        kind = route["AuthorizationType"]
        if kind == "AWS_IAM":
            self._check_signature(request)
        elif kind != "NONE":
            authorizer = request.snapshot.authorizers[route["AuthorizerId"]]
            (self._jwt if kind == "JWT" else self._lambda).check(request, authorizer)

    def _check_signature(self, request: Request) -> None:
        context = self._context_of(request.api.region)
        headers = request.headers
        try:
            signature = Signature.read(headers, request.api.region, datetime.now(UTC))
        except SignatureError as error:
            raise _forbidden(request, str(error)) from error
        caller = find_caller(context, signature.access_key)
        if caller is None:
            raise _forbidden(request, "The security token included in the request is invalid.")
        if not caller.has_token(headers.get("x-amz-security-token")):
            raise _forbidden(request, "The security token included in the request is invalid.")
        if caller.secret_key is not None and not signature.is_made_with(
            caller.secret_key, request.method, request.raw_path, request.query_string, headers, request.body
        ):  # fmt: skip
            raise _forbidden(
                request,
                "The request signature we calculated does not match the signature you provided.",
            )
        arn = request.invoked_arn
        if not caller.may(ACTION, arn, {"aws:sourceip": [request.source_ip]}):
            raise _forbidden(
                request,
                f"User: {caller.arn} is not authorized to perform: {ACTION} on resource: {arn}",
            )
        request.authorizer["iam"] = {
            "accessKey": caller.access_key,
            "accountId": context.account_id,
            "callerId": caller.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": caller.arn,
            "userId": caller.user_id,
        }


def _forbidden(request: Request, reason: str) -> RefusedError:
    request.log["authorizer.error"] = reason
    return RefusedError(403, _FORBIDDEN, reason, kind="ACCESS_DENIED")
