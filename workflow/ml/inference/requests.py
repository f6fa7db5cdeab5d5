"""Requests for predictions: from the body to rows of cells, and from cells to checked values.

The same rules as in the data gate: what would be refused as training data is refused here, with the row,
the column, what was found and what is expected.

This module and what it imports need the standard library only: the package of the Lambda function `infer`,
which checks requests by these rules too, has no numpy. arrays.py makes arrays of the values.
"""

from __future__ import annotations

import csv
import io
import json
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from ml.config.cells import parse_number, parse_numbers, shown, text_problem
from ml.config.columns import LONGEST_TEXT, Column
from ml.errors import InvalidRequestError, NotAcceptableError, UnsupportedContentTypeError

CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"
CONTENT_TYPES = (CSV, JSON, JSON_LINES)
SHOWN_PROBLEMS = 5
BODY_FORMS = '{"instances": [[...], {...}]} or {"context": "5.1,3.5,1.4,0.2"}'


class Problem(NamedTuple):
    """What is wrong with a row; of a cell, also the column, the value found and the values expected."""

    row: int
    text: str  # names the row too
    column: str = ""
    found: str = ""
    expected: str = ""


@dataclass(frozen=True)
class Rows:
    """The rows of a request: lists in the features' order, or objects by feature name."""

    rows: list[Any]
    as_text: bool  # every cell is text (CSV); otherwise the cells have JSON's types


def content_type_of(header: str | None) -> str:
    """The content type that a header names, without parameters."""
    return (header or "").partition(";")[0].strip().lower()


def accepted(accept: str | None) -> str:
    """The first content type of the Accept header that can be given; JSON when all are welcome."""
    wanted = [part.partition(";")[0].strip().lower() for part in (accept or "*/*").split(",")]
    for kind in wanted:
        if kind in ("*/*", "application/*", ""):
            return JSON
        if kind == "text/*":
            return CSV
        if kind in (CSV, JSON, JSON_LINES):
            return kind
    raise NotAcceptableError(
        f"Accept {accept!r} cannot be given; expected one of {', '.join(CONTENT_TYPES)}."
    )


def decode(body: str | bytes, content_type: str | None) -> Rows:
    """Parse the body of a request; raise InvalidRequestError when it does not match its content type."""
    kind = content_type_of(content_type)
    if kind not in CONTENT_TYPES:
        raise UnsupportedContentTypeError(
            f"Content type {shown(content_type)} is not supported; expected one of "
            f"{', '.join(CONTENT_TYPES)}."
        )
    text = _text(body)
    if kind == CSV:
        return Rows(_csv_rows(text), as_text=True)
    if kind == JSON_LINES:
        lines = text.split("\n")  # not splitlines(): a text may hold other line ends, as U+2028
        rows = [_json(line, f"line {n}") for n, line in enumerate(lines, start=1) if line.strip()]
        return Rows(_not_empty(rows), as_text=False)
    return _json_rows(_json(text, "the body"))


def row_of(line: bytes, form: str) -> Any:
    """Parse the row on one line of a body; raise InvalidRequestError when the line has another format."""
    try:
        text = line.decode()
        if form == CSV:
            [row] = csv.reader([text], strict=True)
            return [cell.strip() for cell in row]
        return json.loads(text, parse_constant=_refuse_constant)
    except UnicodeDecodeError as error:
        raise InvalidRequestError(f"not UTF-8: byte {error.start} cannot be decoded") from error
    except csv.Error as error:
        raise InvalidRequestError(f"not CSV: {error}") from error
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"not JSON: {error}") from error


def _text(body: str | bytes) -> str:
    if isinstance(body, str):
        return body.removeprefix("\ufeff")
    try:
        return bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InvalidRequestError(
            f"The body is not UTF-8: byte {error.start} cannot be decoded."
        ) from error


def _csv_rows(text: str) -> list[list[str]]:
    reader = csv.reader(io.StringIO(text.rstrip("\r\n"), newline=""), strict=True)
    try:
        return _not_empty([[cell.strip() for cell in row] for row in reader])
    except csv.Error as error:
        raise InvalidRequestError(
            f"The body is not CSV: {error} at line {reader.line_num}."
        ) from error


def _json(text: str, what: str) -> Any:
    try:
        return json.loads(text, parse_constant=_refuse_constant)
    except (ValueError, RecursionError) as error:
        raise InvalidRequestError(f"Cannot read {what} as JSON: {error}.") from error


def _refuse_constant(word: str) -> Any:
    raise ValueError(f"{word} is not JSON; use null for a missing value")


def _json_rows(document: Any) -> Rows:
    if isinstance(document, dict) and len(document) == 1:
        if isinstance(document.get("instances"), list):
            return Rows(_not_empty(document["instances"]), as_text=False)
        if isinstance(document.get("context"), str):
            return Rows(_csv_rows(document["context"]), as_text=True)
    found = (
        f"the keys {', '.join(map(shown, document))}"
        if isinstance(document, dict)
        else shown(document)
    )
    raise InvalidRequestError(f"Found {shown(found, 80)}, expected {BODY_FORMS}.")


def _not_empty(rows: list[Any]) -> list[Any]:
    if not rows:
        raise InvalidRequestError("The request holds no rows, expected at least one.")
    return rows


def check(
    rows: Rows, features: Sequence[Column], numbers: Sequence[int]
) -> tuple[dict[str, list[Any]], list[Problem]]:
    """The features' values by name, and the problems; without any, the values are those of every row.

    A number that is missing is NaN, a text that is missing is empty.
    """
    names = [column.name for column in features]
    problems: list[Problem] = []
    texts = rows.as_text and any(column.is_text for column in features)
    hint = "; put a text with commas or quotes between double quotes, and double those in it"
    lists, their = [], []
    for row, number in zip(rows.rows, numbers, strict=True):
        if number == 1 and rows.as_text and row == names:
            order = f"send rows only, with the features in this order: {', '.join(names)}"
            problems.append(Problem(1, f"Row 1 is a header line; {order}"))
            continue
        cells = _as_list(row, number, names, problems, hint if texts else "")
        if cells is not None:
            lists.append(cells)
            their.append(number)
    values = {}
    columns = zip(*lists, strict=True) if lists else [()] * len(names)
    for column, cells in zip(features, columns, strict=True):
        values[column.name] = _column_values(column, cells, rows.as_text, their, problems)
    return values, problems


def listed(problems: Sequence[str]) -> str:
    """The first problems in one sentence."""
    more = f"; and {len(problems) - SHOWN_PROBLEMS} more" if len(problems) > SHOWN_PROBLEMS else ""
    return "; ".join(problems[:SHOWN_PROBLEMS]) + more


def _as_list(
    row: Any, number: int, names: list[str], problems: list[Problem], hint: str
) -> Sequence[Any] | None:
    """The row's cells in the order of the features; None when the row has another format."""
    if isinstance(row, dict):
        missing = [name for name in names if name not in row]
        unknown = [name for name in row if name not in names]
        if missing:
            problems.append(Problem(number, f"row {number}: lacks {', '.join(missing)}"))
        if unknown:
            found = ", ".join(shown(name) for name in unknown[:3])
            text = f"row {number}: unknown {found}, expected {', '.join(names)}"
            problems.append(Problem(number, text))
        return None if missing or unknown else [row[name] for name in names]
    if not isinstance(row, list):
        expected = f"a list of {len(names)} values or an object"
        text = f"row {number}: found {shown(row)}, expected {expected}"
        problems.append(Problem(number, text))
        return None
    if len(row) != len(names):
        expected = f"{len(names)} ({', '.join(names)}){hint if len(row) > len(names) else ''}"
        text = f"row {number}: found {len(row)} values, expected {expected}"
        problems.append(Problem(number, text))
        return None
    return row


def _column_values(
    column: Column,
    cells: Sequence[Any],
    as_text: bool,
    numbers: Sequence[int],
    problems: list[Problem],
) -> list[Any]:
    """The column's values; a cell that is not allowed becomes a problem, with its row."""
    read = _numbers if column.is_number else _texts
    values, wrong = read(column, cells, as_text)
    for position in wrong:
        cell = cells[position]
        empty = cell is None or (isinstance(cell, str) and not cell.strip())
        if empty and column.maximum_missing_share > 0:
            continue
        found, expected = "an empty value" if empty else _found(column, cell), column.expected
        row = numbers[position]
        text = f"row {row}, column {column.name}: found {found}, expected {expected}"
        problems.append(Problem(row, text, column.name, found, expected))
    return values


def _numbers(
    column: Column, cells: Sequence[Any], as_text: bool
) -> tuple[list[float], Sequence[int]]:
    """The numbers, and the positions of those that are not allowed; a cell that is not a number is NaN."""
    fast = parse_numbers(list(cells)) if as_text else None
    read = fast if fast is not None else [_number(cell, as_text) for cell in cells]
    numbers = [math.nan if value is None else value for value in read]
    low = -math.inf if column.minimum is None else column.minimum
    high = math.inf if column.maximum is None else column.maximum
    whole = column.type == "integer"
    wrong = [
        position
        for position, value in enumerate(numbers)
        # NaN is in no range.
        if not (low <= value <= high and (not whole or value.is_integer()))
    ]
    return numbers, wrong


def _texts(column: Column, cells: Sequence[Any], _as_text: bool) -> tuple[list[str], Sequence[int]]:
    """The texts, and the positions of those that are not allowed; a cell that is not a text is empty."""
    texts = [cell.strip() if column.is_text else cell for cell in map(_text_of, cells)]
    if column.is_text:
        right = [bool(text) and not _problem(column, text) for text in texts]
    else:
        right = [text in column.values for text in texts]
    return texts, [position for position, allowed in enumerate(right) if not allowed]


def _text_of(cell: Any) -> str:
    return cell if isinstance(cell, str) else ""


def _problem(column: Column, text: str) -> str:
    longest = LONGEST_TEXT if column.maximum_length is None else column.maximum_length
    return text_problem(text, column.minimum_length, longest)


def _found(column: Column, cell: Any) -> str:
    if column.is_text and isinstance(cell, str):
        return _problem(column, cell.strip())
    return shown(cell)


def _number(cell: Any, as_text: bool) -> float | None:
    if as_text:
        return parse_number(cell)
    if isinstance(cell, bool) or not isinstance(cell, (int, float)):
        return None
    try:
        value = float(cell) + 0.0
    except OverflowError:
        return None
    return value if math.isfinite(value) else None
