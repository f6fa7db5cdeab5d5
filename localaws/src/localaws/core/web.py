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
        signing_names: the services for which such a request is signed; "" stands for no signature.
    """

    pattern: re.Pattern[str]
    create: Callable[[ContextFactory], WebApplication]
    signing_names: frozenset[str] = frozenset({""})

    def matches(self, call: Call) -> bool:
        """Whether the application answers a request."""
        return call.signing_name in self.signing_names and bool(self.pattern.match(call.path))
