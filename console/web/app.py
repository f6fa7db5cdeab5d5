"""Answers requests: checks who asks, finds the handler, turns errors into messages."""

from __future__ import annotations

import os
import sys
import traceback
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from console.web.guard import API, SECURITY_HEADERS, Guard
from console.web.live import Changes, events
from console.web.messages import (
    Request,
    RequestError,
    Response,
    error_response,
    json_response,
)
from console.web.router import Router
from console.web.static import Static
from landing_zone.core.aws import explain
from landing_zone.core.errors import OperatorError

EVENTS = f"{API}events"


class App:
    """The whole console behind one function.

    Args:
        guard: who may ask.
        router: the API.
        static: the page.
        changes: wakes the streams of events.
        seconds: the pause of a stream between two looks.
    """

    def __init__(
        self, guard: Guard, router: Router, static: Static, changes: Changes, seconds: float
    ) -> None:
        self._guard = guard
        self._router = router
        self._static = static
        self._changes = changes
        self._seconds = seconds

    def respond(self, request: Request) -> Response:
        try:
            response = self._respond(request)
        except RequestError as error:
            response = error_response(str(error), error.status)
        headers = {**SECURITY_HEADERS, "Cache-Control": "no-store", **response.headers}
        return Response(response.status, response.body, headers)

    def _respond(self, request: Request) -> Response:
        self._guard.check(request)
        signed_in = self._guard.exchange(request)
        if signed_in:
            return signed_in
        if not request.path.startswith(API):
            return self._static.respond(request)
        if request.path == EVENTS:
            return self._stream(request)
        status, answer = self._call(request)
        if request.method != "GET":
            self._changes.announce()
        return answer if isinstance(answer, Response) else json_response(answer, status)

    def _call(self, request: Request) -> tuple[int, Any]:
        """The status and what the handler returns; for an error of AWS or of a person, its text."""
        try:
            return 200, self._router.call(request)
        except OperatorError as error:
            return 409, {"error": str(error)}
        except (BotoCoreError, ClientError) as error:
            return 502, {"error": explain(error, os.environ)}
        except RequestError:
            raise
        except Exception:
            traceback.print_exc(file=sys.stderr)
            return 500, {"error": "the console has failed: its terminal shows where"}

    def _stream(self, request: Request) -> Response:
        """Server-sent events of another path of the API, which only reads."""
        path = request.text("path")
        if request.method != "GET" or not path.startswith(API) or path.startswith(EVENTS):
            raise RequestError(f"{path!r} cannot be followed; allowed: a path below {API}")
        place, _, query = path.partition("?")
        found = dict(part.split("=", 1) for part in query.split("&") if "=" in part)
        followed = Request("GET", place, found, request.headers)

        def read() -> Any:
            status, answer = self._call(followed)
            if isinstance(answer, Response):
                raise RequestError(f"{path} cannot be followed")
            return {"status": status, "content": answer}

        # The first look is taken before the answer begins, so that a wrong path is an error of this request.
        read()
        return Response(
            200,
            events(read, self._changes, self._seconds),
            {"Content-Type": "text/event-stream; charset=utf-8"},
        )
