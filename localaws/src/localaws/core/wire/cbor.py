"""CBOR (RFC 8949) as the protocol rpc-v2-cbor uses it: the body of a request and of a response."""

from __future__ import annotations

import struct
from datetime import UTC, datetime
from typing import Any, Final

_EPOCH_TAG: Final = 1
_BREAK: Final = object()
_FLOATS: Final = {25: ">e", 26: ">f", 27: ">d"}
_SIMPLE: Final = {20: False, 21: True, 22: None, 23: None}
_DEEPEST: Final = 64


class CborError(ValueError):
    """The bytes are not CBOR, or use a part of it that no AWS client sends."""


def encode(value: Any) -> bytes:
    """A value of text, bytes, numbers, lists, dictionaries, aware datetimes, booleans and None as CBOR."""
    if value is None:
        return b"\xf6"
    if isinstance(value, bool):
        return b"\xf5" if value else b"\xf4"
    if isinstance(value, int):
        return _head(0, value) if value >= 0 else _head(1, -1 - value)
    if isinstance(value, float):
        return b"\xfb" + struct.pack(">d", value)
    if isinstance(value, str):
        data = value.encode(errors="replace")
        return _head(3, len(data)) + data
    if isinstance(value, bytes | bytearray):
        return _head(2, len(value)) + bytes(value)
    if isinstance(value, datetime):
        return _head(6, _EPOCH_TAG) + encode(float(value.timestamp()))
    if isinstance(value, list | tuple):
        return _head(4, len(value)) + b"".join(encode(item) for item in value)
    if isinstance(value, dict):
        pairs = b"".join(encode(key) + encode(item) for key, item in value.items())
        return _head(5, len(value)) + pairs
    raise TypeError(f"CBOR has no form for {type(value).__name__}")


def decode(data: bytes) -> Any:
    """The one value in ``data``.

    Raises:
        CborError: it is not exactly one value.
    """
    reader = _Reader(data)
    try:
        value = reader.value(0)
    except (IndexError, struct.error, UnicodeDecodeError, OverflowError) as error:
        raise CborError(f"the CBOR value is cut off or malformed: {error}") from error
    if value is _BREAK or reader.position != len(data):
        raise CborError("the body is not exactly one CBOR value")
    return value


def _head(major: int, number: int) -> bytes:
    first = major << 5
    if number < 24:
        return bytes([first | number])
    for code, size in ((24, 1), (25, 2), (26, 4), (27, 8)):
        if number < 1 << (8 * size):
            return bytes([first | code]) + number.to_bytes(size, "big")
    raise OverflowError(f"{number} does not fit into 64 bits")


class _Reader:
    def __init__(self, data: bytes) -> None:
        self._data = data
        self.position = 0

    def value(self, depth: int) -> Any:
        if depth > _DEEPEST:
            raise CborError(f"values are nested deeper than {_DEEPEST} levels")
        first = self._data[self.position]
        self.position += 1
        major, code = first >> 5, first & 31
        if major == 7:
            return self._simple(code)
        length = None if code == 31 else self._number(code)
        if major == 0:
            return _definite(length)
        if major == 1:
            return -1 - _definite(length)
        if major in {2, 3}:
            data = self._take(length) if length is not None else self._chunks(depth)
            return data if major == 2 else data.decode()
        if major == 4:
            return self._items(length, depth)
        if major == 5:
            return self._pairs(length, depth)
        return _tagged(_definite(length), self.value(depth + 1))

    def _simple(self, code: int) -> Any:
        if code in _FLOATS:
            form = _FLOATS[code]
            return struct.unpack(form, self._take(struct.calcsize(form)))[0]
        if code in _SIMPLE:
            return _SIMPLE[code]
        if code == 31:
            return _BREAK
        raise CborError(f"simple value {code} is not used by AWS")

    def _number(self, code: int) -> int:
        if code < 24:
            return code
        if code > 27:
            raise CborError(f"length code {code} is reserved")
        return int.from_bytes(self._take(1 << (code - 24)), "big")

    def _take(self, size: int) -> bytes:
        end = self.position + size
        if end > len(self._data):
            raise IndexError(f"{size} bytes announced, {len(self._data) - self.position} left")
        found = self._data[self.position : end]
        self.position = end
        return found

    def _chunks(self, depth: int) -> bytes:
        parts = []
        while (part := self.value(depth + 1)) is not _BREAK:
            parts.append(part if isinstance(part, bytes) else str(part).encode())
        return b"".join(parts)

    def _items(self, length: int | None, depth: int) -> list[Any]:
        if length is not None:
            return [self.value(depth + 1) for _ in range(length)]
        items: list[Any] = []
        while (item := self.value(depth + 1)) is not _BREAK:
            items.append(item)
        return items

    def _pairs(self, length: int | None, depth: int) -> dict[Any, Any]:
        pairs: dict[Any, Any] = {}
        while length is None or len(pairs) < length:
            key = self.value(depth + 1)
            if key is _BREAK:
                break
            if not isinstance(key, str):
                raise CborError(f"the key {key!r} of a map is not text")
            if key in pairs:
                raise CborError(f"the key {key!r} occurs twice in a map")
            pairs[key] = self.value(depth + 1)
        return pairs


def _definite(number: int | None) -> int:
    if number is None:
        raise CborError("only text, bytes, lists and maps can have an indefinite length")
    return number


def _tagged(tag: int, value: Any) -> Any:
    if tag == _EPOCH_TAG and isinstance(value, int | float):
        return datetime.fromtimestamp(value, UTC)
    raise CborError(f"tag {tag} with {type(value).__name__} is not used by AWS")
