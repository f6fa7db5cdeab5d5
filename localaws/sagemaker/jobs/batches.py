"""An input object as the payloads of a transform job, without ever holding the whole of it."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Iterator

from localaws.sagemaker.errors import RequestError


def gunzip(chunks: Iterable[bytes], what: str) -> Iterator[bytes]:
    """The contents of a gzip file; several members one after the other are one file."""
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
        raise RequestError(f"{what} is not a whole gzip file")


def payloads(
    chunks: Iterable[bytes], *, by_line: bool, single_record: bool, limit: int, what: str
) -> Iterator[bytes]:
    """Cut an input into request bodies.

    Args:
        chunks: of the input.
        by_line: SplitType Line; else the whole input is one body.
        single_record: BatchStrategy SingleRecord, one record a body; else as many as fit.
        limit: bytes of a body.
        what: names the input in errors.

    Raises:
        RequestError: a record, or an input that is not split, is larger than ``limit``.
    """
    if not by_line:
        yield _whole(chunks, limit, what)
        return
    batch: list[bytes] = []
    size = 0
    for number, line in enumerate(_lines(chunks, limit), start=1):
        if len(line) > limit:
            raise RequestError(
                f"{what}: line {number} is longer than MaxPayloadInMB ({limit} bytes). "
                "Raise MaxPayloadInMB or shorten the line."
            )
        if batch and (single_record or size + len(line) > limit):
            yield b"".join(batch)
            batch, size = [], 0
        batch.append(line)
        size += len(line)
    if batch:
        yield b"".join(batch)


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
    """Lines with their line ends. A line without end stops growing shortly after ``limit``."""
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
