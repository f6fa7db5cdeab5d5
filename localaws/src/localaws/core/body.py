"""The body of a request, as a stream that moto or a service of ours reads."""

from __future__ import annotations

import io
from typing import Any

Environ = dict[str, Any]


class RequestBody(io.RawIOBase):
    """The request's body as a stream that knows what is left of it, and can be read twice.

    A large S3 upload streams through; only what a service of ours reads is kept in memory.
    """

    def __init__(self, environ: Environ) -> None:
        self._stream = environ["wsgi.input"]
        # A chunked body ends by itself; otherwise reading past Content-Length would wait for ever.
        ends_by_itself = environ.get("wsgi.input_terminated")
        length = int(environ.get("CONTENT_LENGTH") or 0)
        self._left = float("inf") if ends_by_itself else length
        self._kept: io.BytesIO | None = None
        environ["wsgi.input"] = self

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if self._kept is not None:
            return self._kept.read(size)
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        data: bytes = (
            self._stream.read() if wanted == float("inf") else self._stream.read(int(wanted))
        )
        self._left = (
            0 if wanted == float("inf") or (wanted and not data) else self._left - len(data)
        )
        return data

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def content(self) -> bytes:
        """The whole body; whoever reads the stream next gets it again."""
        if self._kept is None:
            self._kept = io.BytesIO(self.read())
        self._kept.seek(0)
        return self._kept.getvalue()

    def discard(self) -> None:
        """Read what is left: closing a socket that holds unread bytes resets it under the answer."""
        self.read()
