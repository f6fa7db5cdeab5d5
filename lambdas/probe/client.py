"""Requests that AWS IAM authorizes."""

from __future__ import annotations

import json
from typing import Any, Protocol

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.httpsession import URLLib3Session

# API Gateway answers within 30 s, whatever happens behind it.
TIMEOUT_SECONDS = 31


class Client(Protocol):
    """What the service needs; the tests have their own."""

    def post(self, url: str, document: Any) -> tuple[int, Any]:
        """The status and the JSON of the answer, None if it is no JSON; raise HTTPClientError."""
        ...


class SignedClient:
    """Signs with the credentials of the session, for API Gateway in its region."""

    def __init__(self, session: Any) -> None:
        self._credentials = session.get_credentials()
        self._region = session.region_name
        self._session = URLLib3Session(timeout=TIMEOUT_SECONDS)

    def post(self, url: str, document: Any) -> tuple[int, Any]:
        headers = {"Content-Type": "application/json"}
        request = AWSRequest("POST", url, headers=headers, data=json.dumps(document).encode())
        SigV4Auth(self._credentials.get_frozen_credentials(), "execute-api", self._region).add_auth(
            request
        )
        answer = self._session.send(request.prepare())
        try:
            return answer.status_code, json.loads(answer.content)
        except ValueError:
            return answer.status_code, None
