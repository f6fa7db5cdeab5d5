"""The CSV files of a data set: where they are, how they are encoded, and what their headers say.

csv_rows.py reads their rows chunk by chunk, so that a file may be larger than memory.
"""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

DELIMITERS = (",", ";", "\t", "|")
CHUNK_BYTES = 4 << 20
# The header must end within this many bytes; a first line that does not is no header.
HEADER_BYTES = 16 << 20


@dataclass(frozen=True)
class SourceFile:
    """One file of the input, as the lineage records it."""

    name: str
    size: int
    sha256: str
    rows: int
    delimiter: str
    encoding: str


@dataclass(frozen=True)
class CsvFile:
    """A file, and how to read it."""

    path: Path
    name: str
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    header_lines: int  # lines up to the end of the header
    header_bytes: int  # the same in bytes of UTF-8
    has_data: bool  # is there anything below the header?
    error: str = ""  # why the header cannot be read
    not_utf8: str = ""  # where the file is not UTF-8

    @property
    def size(self) -> int:
        return self.path.stat().st_size

    def body(self) -> Iterator[bytes]:
        """Everything below the header, as UTF-8 whatever the encoding of the file."""
        skip = self.header_bytes
        for chunk in utf8_chunks(self.path, self.encoding):
            if skip < len(chunk):
                yield chunk[skip:] if skip else chunk
            skip = max(0, skip - len(chunk))

    def single_columns(self) -> list[str]:
        """The columns whose name appears only once."""
        return [name for name in self.header if self.header.count(name) == 1]


def find_csv_files(folder: Path) -> list[Path]:
    """Every .csv below `folder`, in a fixed order: the order of the rows is part of the result."""
    return sorted(
        (
            path
            for path in folder.rglob("*")
            # ._data.csv is what macOS leaves beside data.csv.
            if path.is_file() and path.suffix.lower() == ".csv" and not path.name.startswith(".")
        ),
        key=lambda path: path.relative_to(folder).as_posix(),
    )


def open_csv_file(path: Path, name: str, expected: Sequence[str]) -> CsvFile:
    """Find out how to read a file."""
    encoding, not_utf8 = find_encoding(path)
    head = b""
    chunks = utf8_chunks(path, encoding)
    for chunk in chunks:
        head += chunk
        # A whole line that is not empty, and something behind it.
        if b"\n" in head.lstrip(b"\r\n").rstrip(b"\r\n") or len(head) > HEADER_BYTES:
            break
    text = head.decode("utf-8", errors="replace")
    header_line = re.split("[\r\n]", text.lstrip("\r\n"), maxsplit=1)[0] if text.strip() else ""
    delimiter = find_delimiter(header_line, expected)
    # A StringIO knows how far it was read, which is where the rows start.
    stream = io.StringIO(text, newline="")
    reader = csv.reader(iter(stream.readline, ""), delimiter=delimiter, strict=True)
    header: list[str] = []
    error = ""
    try:
        while not header:
            header = [cell.strip() for cell in next(reader)]
    except StopIteration:
        pass
    except csv.Error as problem:
        error = f"{problem} at line {reader.line_num}"
    read = text[: stream.tell()].encode()
    has_data = bool(header) and (bool(head[len(read) :].strip(b"\r\n")) or next(chunks, b"") != b"")
    return CsvFile(
        path,
        name,
        encoding,
        delimiter,
        tuple(header),
        reader.line_num,
        len(read),
        has_data,
        error,
        not_utf8,
    )


def find_encoding(path: Path) -> tuple[str, str]:
    """utf-16 with its mark, utf-8 when all of the file is, else cp1252: what Excel writes on Windows.

    Text that cp1252 misreads is caught where values are listed. Also tells where the file is not UTF-8.
    """
    decoder = codecs.getincrementaldecoder("utf-8")()
    with path.open("rb") as file:
        start = file.read(2)
        if start in (codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE):
            return "utf-16", f"the byte order mark of UTF-16 ({start.hex(' ')}) in line 1"
        file.seek(0)
        waiting = b""  # for the rest of a character that a chunk ended in
        read = 0
        while chunk := file.read(CHUNK_BYTES):
            if waiting or not chunk.isascii():
                try:
                    decoder.decode(chunk)
                except UnicodeDecodeError as error:
                    return "cp1252", _bad_byte(path, read - len(waiting) + error.start)
                waiting = decoder.getstate()[0]
            read += len(chunk)
    return ("cp1252", _bad_byte(path, read - len(waiting))) if waiting else ("utf-8", "")


def _bad_byte(path: Path, position: int) -> str:
    lines = 1
    with path.open("rb") as file:
        while position > CHUNK_BYTES:
            lines += file.read(CHUNK_BYTES).count(b"\n")
            position -= CHUNK_BYTES
        chunk = file.read(position + 1)
    rest = chunk.count(b"\n", 0, position)
    return f"the byte {chunk[position]:02x} in line {lines + rest}"


def utf8_chunks(path: Path, encoding: str) -> Iterator[bytes]:
    """The file's content as UTF-8 without a byte order mark, some megabytes at a time."""
    if encoding == "utf-8":
        with path.open("rb") as file:
            chunk = file.read(CHUNK_BYTES).removeprefix(codecs.BOM_UTF8)
            while chunk:
                yield chunk
                chunk = file.read(CHUNK_BYTES)
    else:
        with path.open(encoding=encoding, errors="replace", newline="") as text:
            while decoded := text.read(CHUNK_BYTES):
                yield decoded.encode()


def find_delimiter(header_line: str, expected: Sequence[str]) -> str:
    """The delimiter that makes most of the expected columns appear in the header."""

    def known(delimiter: str) -> tuple[int, int]:
        names = [name.strip().strip('"').strip() for name in header_line.split(delimiter)]
        return sum(name in expected for name in names), len(names)

    return max(DELIMITERS, key=lambda delimiter: (known(delimiter), delimiter == ","))
