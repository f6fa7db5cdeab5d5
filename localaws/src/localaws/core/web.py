"""HTTP interfaces besides the APIs of AWS, for example a registry of images or a Git server."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from localaws.core.call import Call
from localaws.core.context import ContextFactory
from localaws.core.wsgi import StartResponse

WebApplication = Callable[[Call, StartResponse], Iterable[bytes]]
"""Answers a request whose path belongs to it. It may raise :class:`~localaws.core.errors.AwsError`."""


@dataclass(frozen=True)
class WebRoute:
    """Which requests an application answers.

    Args:
        pattern: matches the start of the path, percent-encoded as the client sent it. It must not match
            the path of an API: bucket names, for example, have at least three characters.
        create: makes the application, on the first request.
        signing_names: the services for which such a request is signed; "" stands for no signature. None
            stands for any, where the application says itself that a signature is for something else.
        host: matches the name of a host whose requests belong to the application, whatever their path.
        sets_cors: whether the application answers preflight requests, and sets the headers with which a
            browser lets a page read an answer. Otherwise the server does.
    """

    pattern: re.Pattern[str]
    create: Callable[[ContextFactory], WebApplication]
    signing_names: frozenset[str] | None = frozenset({""})
    host: re.Pattern[str] | None = None
    sets_cors: bool = False

    def matches(self, call: Call) -> bool:
        """Whether the application answers a request."""
        if self.host is not None and self.host.fullmatch(call.headers.get("host", "").lower()):
            return True
        if self.signing_names is not None and call.signing_name not in self.signing_names:
            return False
        return bool(self.pattern.match(call.path))
