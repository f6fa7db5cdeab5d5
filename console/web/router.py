"""Finds the function that answers a method and path."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from console.web.messages import Request, RequestError

# Answers with a Response, or with what becomes the JSON of one.
Handler = Callable[..., Any]


@dataclass(frozen=True)
class Route:
    """A method and a path with {names}, whose values become arguments of the handler."""

    method: str
    path: str
    handler: Handler

    @property
    def pattern(self) -> re.Pattern[str]:
        return re.compile(re.sub(r"\{(\w+)\}", r"(?P<\1>[^/]+)", self.path))


class Router:
    """The routes, in the order in which they are tried."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = [(route.pattern, route) for route in routes]

    def call(self, request: Request) -> Any:
        """What the handler of the request returns.

        Raises:
            RequestError: no route has this path, or none has this method for it.
        """
        allowed = set()
        for pattern, route in self._routes:
            found = pattern.fullmatch(request.path)
            if not found:
                continue
            if route.method == request.method:
                values = {name: unquote(value) for name, value in found.groupdict().items()}
                return route.handler(request, **values)
            allowed.add(route.method)
        if allowed:
            methods = ", ".join(sorted(allowed))
            raise RequestError(f"{request.path} has no {request.method}; allowed: {methods}", 405)
        raise RequestError(f"{request.path} does not exist", 404)
