"""Answers of the registry, and its errors in the form of the protocol."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

# ECR's answer for a code of its API, as the protocol spells it: status, code.
_CODES: Final = {
    "RepositoryNotFoundException": (404, "NAME_UNKNOWN"),
    "ImageNotFoundException": (404, "MANIFEST_UNKNOWN"),
    "ImageTagAlreadyExistsException": (400, "TAG_INVALID"),
    "LayersNotFoundException": (404, "MANIFEST_BLOB_UNKNOWN"),
    "ReferencedImagesNotFoundException": (404, "MANIFEST_BLOB_UNKNOWN"),
}


@dataclass(frozen=True)
class Answer:
    """What the registry answers. A body in pieces has its Content-Length among the headers."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | Iterable[bytes] = b""


class RegistryError(Exception):
    """A request that the registry refuses."""

    def __init__(
        self, status: int, code: str, message: str, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.message = message
        self.headers = headers or {}

    def answer(self) -> Answer:
        """The error as the protocol sends it."""
        return json_answer(
            self.status,
            {"errors": [{"code": self.code, "message": self.message}]},
            self.headers,
        )


def of_api(code: str, message: str) -> RegistryError:
    """The error of the protocol for one of ECR's API."""
    status, name = _CODES.get(code, (400, "UNSUPPORTED"))
    return RegistryError(status, name, message)


def json_answer(status: int, document: Any, headers: Mapping[str, str] | None = None) -> Answer:
    """A JSON document."""
    kind = {"Content-Type": "application/json; charset=utf-8"}
    return Answer(status, {**kind, **(headers or {})}, json.dumps(document).encode())
