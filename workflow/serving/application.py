"""SageMaker's inference contract: a request in, the bytes of a response out.

https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-inference-code.html and
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-batch-code.html
"""

from __future__ import annotations

import sys
import traceback
from dataclasses import dataclass, field

import orjson

from ml.errors import InvalidRequestError
from serving.predictor import Predictor
from serving.settings import MIB, Settings

JSON = "application/json"
CUSTOM_ATTRIBUTES = b"x-amzn-sagemaker-custom-attributes"

_REASONS = {
    200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 406: "Not Acceptable",
    408: "Request Timeout", 413: "Content Too Large", 415: "Unsupported Media Type",
    431: "Request Header Fields Too Large", 500: "Internal Server Error", 503: "Service Unavailable",
}  # fmt: skip
_STARTS = {code: f"HTTP/1.1 {code} {reason}\r\n".encode() for code, reason in _REASONS.items()}
_ENCODINGS = (  # header, the value that leaves the body as it is, what to say of others
    (b"content-encoding", b"identity", "none"),
    (b"transfer-encoding", b"chunked", "chunked alone"),
)
_METHODS = {b"/ping": "GET", b"/execution-parameters": "GET", b"/invocations": "POST"}


@dataclass(slots=True)
class Request:
    """One request, its body complete."""

    method: bytes
    path: bytes
    headers: dict[bytes, bytes] = field(default_factory=dict)  # names in lower case
    body: bytes = b""
    keep_alive: bool = True


class Refusal(Exception):  # noqa: N818  (an answer, not an error of ours)
    """A request that is refused before its body is read as rows."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application:
    """Answers the requests of a worker."""

    def __init__(self, predictor: Predictor, settings: Settings) -> None:
        self._predictor = predictor
        self._settings = settings
        self.draining = False
        parameters = {
            "MaxConcurrentTransforms": settings.workers,
            "BatchStrategy": "MULTI_RECORD",
            "MaxPayloadInMB": settings.maximum_body // MIB,
        }
        self._parameters = orjson.dumps(parameters)

    def respond(self, request: Request) -> bytes:
        """The whole response. Never raises."""
        echoed = request.headers.get(CUSTOM_ATTRIBUTES)
        close = self.draining or not request.keep_alive
        try:
            kind, body = self._answer(request)
        except InvalidRequestError as error:
            return response(error.status_code, str(error), close, echoed)
        except Refusal as refusal:
            return response(refusal.status, str(refusal), close, echoed)
        except Exception as error:  # a bug: the client gets a 500, and the log the traceback
            traceback.print_exc(file=sys.stderr)
            name = type(error).__name__
            return response(
                500, f"The server failed with {name}; its log has the place.", close, echoed
            )
        if request.method == b"HEAD":
            return head(200, kind, len(body), close, echoed)
        return head(200, kind, len(body), close, echoed) + body

    def _answer(self, request: Request) -> tuple[str, bytes]:
        path = request.path
        expected = _METHODS.get(path)
        if expected is None:
            allowed = ", ".join(f"{verb} {name.decode()}" for name, verb in _METHODS.items())
            raise Refusal(404, f"Found {path.decode('latin-1')[:200]!r}, expected {allowed}.")
        method = request.method.decode("latin-1")
        if method != expected and not (method == "HEAD" and expected == "GET"):
            raise Refusal(405, f"{path.decode()}: found {method}, expected {expected}.")
        if path == b"/invocations":
            return self._predict(request)
        if path == b"/execution-parameters":
            return JSON, self._parameters
        if self.draining:
            raise Refusal(503, "This container is being stopped.")
        return JSON, b""

    def _predict(self, request: Request) -> tuple[str, bytes]:
        headers = request.headers
        for name, plain, expected in _ENCODINGS:
            encoding = headers.get(name)
            if encoding and encoding.lower() != plain:
                found = encoding.decode("latin-1")[:100]
                title = name.decode().title()
                raise Refusal(415, f"{title}: found {found!r}, expected {expected}.")
        kind, accept = headers.get(b"content-type"), headers.get(b"accept")
        return self._predictor.respond(
            request.body,
            None if kind is None else kind.decode("latin-1"),
            None if accept is None else accept.decode("latin-1"),
        )


def head(status: int, kind: str, length: int, close: bool, echoed: bytes | None = None) -> bytes:
    """Status line and headers."""
    custom = b"" if echoed is None else b"X-Amzn-SageMaker-Custom-Attributes: %b\r\n" % echoed
    return b"%bcontent-type: %b\r\ncontent-length: %d\r\n%b%b\r\n" % (
        _STARTS[status],
        kind.encode(),
        length,
        custom,
        b"connection: close\r\n" if close else b"",
    )


def response(status: int, message: str, close: bool, echoed: bytes | None = None) -> bytes:
    """A refusal: {"error": "what was found, what was expected"}."""
    body = orjson.dumps({"error": message.encode("utf-8", "replace").decode()})
    return head(status, JSON, len(body), close, echoed) + body
