"""The HTTP interface of the issuer.

GET  /_github/oidc/.well-known/openid-configuration   as GitHub's issuer answers
GET  /_github/oidc/.well-known/jwks                   the public keys
GET  /_github/oidc/token?audience=...                 a token; with the job's secret as bearer token
POST /_github/oidc/jobs                               registers a job: {"repository": "OWNER/NAME", ...}
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from typing import Any, Final

from localaws.core.call import Call, Response
from localaws.core.context import ACCOUNT_ID, Context, ContextFactory
from localaws.core.errors import AwsError
from localaws.core.web import WebApplication
from localaws.core.wsgi import StartResponse, send
from localaws.services.github.claims import Job
from localaws.services.github.issuer import PATH, TokenIssuer, configuration

REGION: Final = "us-east-1"
"""The issuer is one for all regions; it lives where STS answers requests that nobody has signed."""
_BEARER = re.compile(r"bearer (\S+)", re.IGNORECASE)


class IssuerApplication:
    """Answers what clients of the issuer ask."""

    def __init__(self, context: Context) -> None:
        self._context = context
        self._issuer = context.shared(TokenIssuer)

    def __call__(self, call: Call, start_response: StartResponse) -> Iterable[bytes]:
        """Answer with JSON; an error has the form of GitHub's."""
        try:
            status, answer = 200, self._answer(call)
        except AwsError as error:
            status, answer = error.status, {"message": error.message}
        call.body.discard()
        headers = {"Content-Type": "application/json"}
        return send(Response(status, headers, json.dumps(answer).encode()), start_response)

    def _answer(self, call: Call) -> dict[str, Any]:
        endpoint_url = self._context.endpoint_url
        match call.method, call.path.removeprefix(PATH):
            case "GET", ".well-known/openid-configuration":
                return configuration(endpoint_url)
            case "GET", ".well-known/jwks":
                return self._issuer.key_set()
            case "GET", "token":
                given = _BEARER.fullmatch(call.headers.get("authorization", ""))
                audience = call.query.get("audience", "")
                secret = given[1] if given else ""
                return {"value": self._issuer.mint(secret, audience, self._context.clock)}
            case "POST", "jobs":
                secret = self._issuer.register(Job.parse(_json(call)))
                # GitHub's address has a query too: clients append &audience=...
                return {"url": f"{endpoint_url}{PATH}token?api-version=2.0", "token": secret}
        raise AwsError("NotFound", f"{call.method} {call.path} does not exist", 404)


def create(context_factory: ContextFactory) -> WebApplication:
    """The application of the route."""
    return IssuerApplication(context_factory(ACCOUNT_ID, REGION, "github"))


def _json(call: Call) -> Any:
    try:
        return json.loads(call.body.content())
    except ValueError as error:
        raise AwsError("ValidationException", f"the body is not JSON: {error}") from error
