"""Cuts an input object into the request bodies of a transform job, in bounded memory."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from localaws.services.sagemaker.errors import RequestError


def gunzip(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """The contents of a gzip file, which may have several members."""
    unpacker = zlib.decompressobj(wbits=31)
    try:
        for chunk in chunks:
            data = chunk
            while data:
                yield unpacker.decompress(data)
                data = unpacker.unused_data
                if data:
                    unpacker = zlib.decompressobj(wbits=31)
    except zlib.error as error:
        raise RequestError(f"{what} is not a gzip file: {error}") from error
    if not unpacker.eof:
        raise RequestError(f"{what} is an incomplete gzip file")


def payloads(
    chunks: Iterable[bytes], *, by_line: bool, single_record: bool, limit: int, what: str
) -> Iterator[bytes]:
    """Cut an input into request bodies.

    Args:
        chunks: of the input.
        by_line: SplitType Line; else the whole input is one body.
        single_record: BatchStrategy SingleRecord, one record in each body; else as many as fit.
        limit: the most bytes of a body.
        what: names the input in errors.

    Raises:
        RequestError: a record, or an input that is not split, is larger than ``limit``.
    """
    if not by_line:
        yield _whole(chunks, limit, what)
        return
    if not single_record:
        yield from _as_many_as_fit(chunks, limit, what)
        return
    for number, line in enumerate(_lines(chunks, limit), start=1):
        if len(line) > limit:
            raise _too_long(what, number, limit)
        yield line


def _as_many_as_fit(chunks: Iterable[bytes], limit: int, what: str) -> Iterator[bytes]:
    """Cut after the last line end that fits, without looking at single lines."""
    buffer, lines = bytearray(), 0
    for chunk in chunks:
        buffer += chunk
        while len(buffer) > limit:
            end = buffer.rfind(b"\n", 0, limit) + 1
            if end == 0:
                raise _too_long(what, lines + 1, limit)
            body = bytes(buffer[:end])
            del buffer[:end]
            lines += body.count(b"\n")
            yield body
    if buffer:
        yield bytes(buffer)


def _too_long(what: str, line: int, limit: int) -> RequestError:
    return RequestError(
        f"{what}: line {line} is longer than MaxPayloadInMB ({limit} bytes). "
        "Raise MaxPayloadInMB or shorten the line."
    )


def _whole(chunks: Iterable[bytes], limit: int, what: str) -> bytes:
    body = bytearray()
    for chunk in chunks:
        body += chunk
        if len(body) > limit:
            raise RequestError(
                f"{what} is larger than MaxPayloadInMB ({limit} bytes). Set SplitType to Line or raise "
                "MaxPayloadInMB."
            )
    return bytes(body)


def _lines(chunks: Iterable[bytes], limit: int) -> Iterator[bytes]:
    """Lines with their line ends. A line is cut off shortly after ``limit``."""
    rest = b""
    for chunk in chunks:
        first, newline, more = chunk.partition(b"\n")
        if not newline:
            rest += chunk
            if len(rest) > limit:
                break
            continue
        yield rest + first + newline
        *complete, rest = more.split(b"\n")
        for line in complete:
            yield line + b"\n"
    if rest:
        yield rest
