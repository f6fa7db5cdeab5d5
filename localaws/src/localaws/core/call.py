"""A request to an AWS API, parsed once, and the response to it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from functools import cached_property

from localaws.core.body import RequestBody

_SCOPE = re.compile(r"Credential=[^/,]+/\d{8}/([^/,]+)/([^/,]+)/aws4_request")
_DEFAULT_REGION = "us-east-1"


@dataclass(frozen=True)
class Call:
    """An HTTP request."""

    method: str
    path: str
    """The path as the client sent it: percent-encoded, so that an encoded slash stays apart."""
    query: Mapping[str, str]
    headers: Mapping[str, str]
    """The values by header name in lower case."""
    body: RequestBody = field(repr=False)
    query_string: str = ""
    """The query as the client sent it, which may have a name several times."""

    @property
    def region(self) -> str:
        """The region that the request is signed for; us-east-1 when it is not signed."""
        return self._scope[0]

    @property
    def signing_name(self) -> str:
        """The name by which the request's signature calls the service; empty when it is not signed."""
        return self._scope[1]

    # Read for each service and each web route until one matches.
    @cached_property
    def _scope(self) -> tuple[str, str]:
        credential = self.query.get("X-Amz-Credential", "")
        signature = self.headers.get("authorization") or f"Credential={credential}"
        found = _SCOPE.search(signature)
        return (found[1], found[2].lower()) if found else (_DEFAULT_REGION, "")


@dataclass(frozen=True)
class Response:
    """The answer to a call."""

    status: int
    headers: Mapping[str, str]
    payload: bytes = b""


_current: ContextVar[Call] = ContextVar("call")


@contextmanager
def answering(call: Call) -> Iterator[None]:
    """Make ``call`` the current one of this thread."""
    token = _current.set(call)
    try:
        yield
    finally:
        _current.reset(token)


def current_call() -> Call | None:
    """The call that this thread answers, for an operation that needs more than its input; or None."""
    return _current.get(None)
