"""Read the rows of a CSV file a few megabytes at a time, without guessing what a cell means.

In a chunk without quotes every line is a row, so a fast parser may read it: polars, where it is installed
(csv_polars.py). A chunk with quotes is read by Python's csv module, which is strict; pandas would fill a row
that is too short, which the gate must report. Every chunk starts where a row starts, so the rows, their lines
and their text do not depend on the parser.
"""

from __future__ import annotations

import csv
import io
import sys
from collections.abc import Iterator
from dataclasses import dataclass, field

from ml.data.column_cells import Cells, ListCells
from ml.data.csv_files import CsvFile

# A cell may be as long as it likes (the module's own limit is 128 KB), but a quote that is not closed
# for so long was opened by mistake.
csv.field_size_limit(sys.maxsize if sys.maxsize < 2**31 else 2**31 - 1)
OPEN_QUOTE_BYTES = 64 << 20
_ENDED = "unexpected end of data"


@dataclass
class ParsedChunk:
    """The rows of one chunk: cells by column, and the line every row starts on (from 0 in the chunk)."""

    columns: dict[str, Cells]
    rows: int
    lines: list[int] | None  # None: one row a line, from the first line on
    line_count: int
    ragged: list[tuple[int, int]] = field(default_factory=list)  # line, cells
    error: tuple[str, int] | None = None  # what the csv module said, and on which line

    def line(self, row: int) -> int:
        return row if self.lines is None else self.lines[row]


@dataclass(frozen=True)
class Chunk:
    """Whole rows of the file as UTF-8; already parsed where finding their end took parsing them."""

    content: bytes
    parsed: ParsedChunk | None = None


def chunks(file: CsvFile) -> Iterator[Chunk]:
    """Cut the rows of a file into chunks."""
    rest = b""
    wanted = 0  # a quote is open: wait for so many bytes
    for content in file.body():
        rest += content
        if len(rest) < wanted:
            continue
        wanted = 0
        end = rest.rfind(b"\n") + 1
        if b'"' not in rest:
            if end:
                yield Chunk(rest[:end])
        else:
            open_ended = end < OPEN_QUOTE_BYTES
            parsed, end = parse_carefully(rest[:end], file, open_ended)
            if parsed.line_count or parsed.error is not None:
                yield Chunk(b"", parsed)
            else:
                wanted = 2 * len(rest)  # doubling: however long the cell, it is read about twice
            if parsed.error is not None:
                return
        rest = rest[end:]
    if rest:
        yield Chunk(b"", parse_carefully(rest, file)[0])


def parse_carefully(
    content: bytes, file: CsvFile, open_ended: bool = False
) -> tuple[ParsedChunk, int]:
    """The rows that the csv module reads, and how many bytes it used; rows before an error are kept.

    `open_ended`: more is to come, so a last row with an open quote is left to be read with the rest.
    """
    text = content.decode("utf-8")
    stream = io.StringIO(text, newline="")
    reader = csv.reader(iter(stream.readline, ""), delimiter=file.delimiter, strict=True)
    width = len(file.header)
    rows: list[list[str]] = []
    lines: list[int] = []
    ragged: list[tuple[int, int]] = []
    error = None
    start = done = 0
    try:
        for row in reader:
            line, start, done = start, reader.line_num, stream.tell()
            if not row:  # an empty line is not data
                continue
            if len(row) != width:
                ragged.append((line, len(row)))
            else:
                rows.append(row)
                lines.append(line)
    except csv.Error as problem:
        if not open_ended or str(problem) != _ENDED:
            error = (str(problem), reader.line_num)
    columns: dict[str, Cells] = {
        name: ListCells([row[position].strip() for row in rows])
        for position, name in enumerate(file.header)
        if file.header.count(name) == 1
    }
    used = len(content) if done == len(text) else len(text[:done].encode())
    return ParsedChunk(columns, len(rows), lines, start, ragged, error), used
