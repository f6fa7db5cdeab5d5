"""The body of a request: a stream that is read once by moto, or kept and read again by localaws."""

from __future__ import annotations

import io
from typing import Any, Protocol

_DISCARDED_AT_ONCE = 1 << 20


class _Stream(Protocol):
    def read(self, size: int = ..., /) -> bytes: ...


class RequestBody(io.RawIOBase):
    """A stream that ends where the body ends, although the connection behind it does not.

    A large upload to S3 passes through in pieces. The body is kept in memory only after :meth:`content`.

    Args:
        stream: what follows the headers of the request.
        length: the value of Content-Length. None for a stream that ends by itself, as a chunked body does.
    """

    def __init__(self, stream: _Stream, length: int | None) -> None:
        self._stream = stream
        self._left = float("inf") if length is None else length
        self._kept: io.BytesIO | None = None

    def readable(self) -> bool:
        return True

    def read(self, size: int | None = -1) -> bytes:
        if self._kept is not None:
            return self._kept.read(size)
        wanted = self._left if size is None or size < 0 else min(size, self._left)
        # Reading beyond Content-Length would wait for ever.
        data = self._stream.read() if wanted == float("inf") else self._stream.read(int(wanted))
        ended = wanted == float("inf") or (wanted and not data)
        self._left = 0 if ended else self._left - len(data)
        return data

    def readall(self) -> bytes:
        return self.read()

    def readinto(self, buffer: Any) -> int:
        data = self.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def content(self) -> bytes:
        """The whole body. Afterwards the stream can be read from its beginning again."""
        if self._kept is None:
            self._kept = io.BytesIO(self.read())
        self._kept.seek(0)
        return self._kept.getvalue()

    def discard(self) -> None:
        """Read the rest: closing a socket with unread bytes resets it, and the client loses the response."""
        while self.read(_DISCARDED_AT_ONCE):
            pass
