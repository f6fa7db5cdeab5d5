"""Requests and responses, apart from the sockets that carry them."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from decimal import Decimal
from io import BytesIO
from typing import Any, BinaryIO

# A document that a page sends. Files are read as streams and may be larger.
MOST_JSON_BYTES = 1 << 20
JSON = "application/json; charset=utf-8"


class RequestError(Exception):
    """Raised for a request that cannot be served; the text goes to the page."""

    def __init__(self, message: str, status: int = 400) -> None:
        super().__init__(message)
        self.status = status


@dataclass(frozen=True)
class Request:
    """One request; the names of its headers are in lower case."""

    method: str
    path: str
    query: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: BinaryIO = field(default_factory=BytesIO)
    length: int = 0

    def json(self) -> dict[str, Any]:
        """The JSON object in the body."""
        if self.length > MOST_JSON_BYTES:
            raise RequestError(f"{self.length:,} bytes; allowed: {MOST_JSON_BYTES:,}", 413)
        try:
            found = json.loads(self.body.read(self.length) or b"{}")
        except ValueError as error:
            raise RequestError(f"the body is not JSON: {error}") from error
        if not isinstance(found, dict):
            raise RequestError(f"the body is a {type(found).__name__}; expected a JSON object")
        return found

    def text(self, name: str) -> str:
        """A parameter of the query that must be there."""
        value = self.query.get(name, "")
        if not value:
            raise RequestError(f"the query lacks {name}")
        return value


@dataclass(frozen=True)
class Response:
    """An answer; a body of several parts is sent as it comes."""

    status: int = 200
    body: bytes | Iterator[bytes] = b""
    headers: Mapping[str, str] = field(default_factory=dict)


def json_response(content: Any, status: int = 200) -> Response:
    return Response(status, to_json(content), {"Content-Type": JSON})


def error_response(message: str, status: int) -> Response:
    return json_response({"error": message}, status)


def to_json(content: Any) -> bytes:
    """JSON with times in ISO 8601."""
    return json.dumps(content, default=_plain, separators=(",", ":")).encode()


def _plain(value: Any) -> Any:
    if isinstance(value, datetime):
        return value.isoformat()
    if isinstance(value, Decimal):
        return str(value)
    raise TypeError(f"{type(value).__name__} is not JSON")
