"""Whether a caller may use a route: NONE, AWS_IAM, JWT or CUSTOM (a Lambda authorizer)."""

from __future__ import annotations

import io
from collections.abc import Callable
from typing import Final

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.services.execute_api.jwt_authorizer import JwtAuthorizer
from localaws.services.execute_api.lambda_authorizer import LambdaAuthorizer
from localaws.services.execute_api.request import INVOKE, RefusedError, Request
from localaws.services.iam import context_keys
from localaws.services.iam.authorization import Authorization as Needed
from localaws.services.iam.authorizer import authorize
from localaws.services.iam.explain import message
from localaws.services.iam.identities import Identities
from localaws.services.iam.ledger import Ledger

_REGION: Final = "us-east-1"
_SERVICE: Final = "execute-api"


class Authorization:
    """Checks each request by the authorization of its route.

    Args:
        context_of: the context of a region.
    """

    def __init__(self, context_of: Callable[[str], Context]) -> None:
        self._context_of = context_of
        self._jwt = JwtAuthorizer(context_of)
        self._lambda = LambdaAuthorizer(context_of)
        self._identities = Identities(context_of(_REGION).clients.service_keys)

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
        body = RequestBody(io.BytesIO(request.body), len(request.body))
        # Without the query, in which HTTP APIs accept no signature.
        call = Call(
            request.method, request.raw_path, {}, request.headers, body, request.query_string
        )
        try:
            caller = self._identities.caller(call)
        except AwsError as error:
            raise _forbidden(request, error.message) from error
        region = request.api.region
        if caller.kind == "anonymous":
            raise _forbidden(request, "Missing Authentication Token")
        if (call.signing_name, call.region) != (_SERVICE, region):
            raise _forbidden(
                request,
                f"Credential should be scoped to the service {_SERVICE} in {region}, but is for "
                f"{call.signing_name} in {call.region}.",
            )
        needed = Needed(INVOKE, request.invoked_arn)
        asked, decision = authorize(caller, needed, context_keys.of_request(call, caller, {}))
        ledger = self._context_of(_REGION).shared(Ledger)
        ledger.record(asked, decision, needed.kind, needed.source)
        if not decision.allowed:
            raise _forbidden(request, message(asked, decision))
        request.authorizer["iam"] = {
            "accessKey": caller.access_key,
            "accountId": caller.account,
            "callerId": caller.user_id,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": caller.arn,
            "userId": caller.user_id,
        }


def _forbidden(request: Request, reason: str) -> RefusedError:
    request.log["authorizer.error"] = reason
    return RefusedError(403, "Forbidden", reason, kind="ACCESS_DENIED")
