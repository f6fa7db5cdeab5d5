"""The rows that a load test sends, from a CSV file without a header."""

from __future__ import annotations

import csv
import io
from itertools import islice
from pathlib import Path

from landing_zone.load.loads import UsageError

# They are kept in memory and sent again and again.
MOST_ROWS = 10_000


def read_rows(path: Path) -> list[bytes]:
    """The first rows of the file, each as the body of one request; a quoted value may hold line breaks."""
    try:
        with path.open(encoding="utf-8", newline="") as file:
            found = [_as_body(cells) for cells in islice(filter(None, csv.reader(file)), MOST_ROWS)]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise UsageError(f"{path} cannot be read as CSV: {error}") from error
    if not found:
        raise UsageError(f"{path} holds no row; allowed: at least one, with the features in order")
    return found


def _as_body(cells: list[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerow(cells)
    return text.getvalue().encode()
