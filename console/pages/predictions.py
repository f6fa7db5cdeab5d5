"""Predict: a form made from the columns of the use case, and rows of a file."""

from __future__ import annotations

import csv
import io
from typing import Any

from console.commands import command
from console.context import Context
from console.files import Files
from console.web.messages import Request, RequestError
from landing_zone.api.predictions import TARGETS, find_api, predict, predict_url
from landing_zone.api.session import ApiSession, checked_url
from landing_zone.core.errors import OperatorError
from landing_zone.load.rows import read_rows
from landing_zone.sources.checkout import read_use_case, read_use_case_document

# Rows of a file that are predicted at once; more are a batch run.
_MOST_ROWS = 10_000


class PredictPage:
    def __init__(self, context: Context, files: Files) -> None:
        self._context = context
        self._files = files

    def form(self, request: Request, use_case: str) -> dict[str, Any]:
        """The columns of the use case with what they allow, and a row to begin with."""
        document = read_use_case_document(use_case)
        known = read_use_case(use_case)
        columns = {column["name"]: column for column in document["columns"]}
        api = find_api(self._context.aws, self._context.settings)
        not_deployed = "" if api else f"{self._context.settings.prefix} has no inference API"
        return {
            "use_case": use_case,
            "description": document.get("description", ""),
            "target_column": known.target,
            "columns": [columns[name] for name in known.features],
            "example": _first_row(known.inference_sample),
            "targets": TARGETS,
            "not_deployed": not_deployed,
            "command": command("predict.py", "ROW", USE_CASE=use_case),
        }

    def predict(self, request: Request, use_case: str) -> dict[str, Any]:
        """Predict rows, each a list of cells, or a file of rows without a header."""
        document = request.json()
        target = document.get("target", TARGETS[0])
        if target not in TARGETS:
            raise RequestError(f"the target is {target!r}; allowed: {', '.join(TARGETS)}")
        read_use_case(use_case)
        rows = self._rows(document)
        context = self._context
        url = checked_url(predict_url(context.aws, context.settings, use_case, target))
        with ApiSession(context.aws.credentials, context.settings.region) as session:
            found = [vars(one) for one in predict(session, url, rows)]
        shown = ["--data", "FILE"] if document.get("file") else [rows[0]]
        return {
            "predictions": found,
            "command": command("predict.py", *shown, "--target", target, USE_CASE=use_case),
        }

    def _rows(self, document: dict[str, Any]) -> list[str]:
        if document.get("file"):
            rows = [
                row.decode().rstrip("\n") for row in read_rows(self._files.find(document["file"]))
            ]
        else:
            rows = [_line(cells) for cells in document.get("rows", [])]
        if not 0 < len(rows) <= _MOST_ROWS:
            raise RequestError(
                f"{len(rows):,} rows; allowed: 1 to {_MOST_ROWS:,}. Predict more with a run of type Batch"
            )
        return rows


def _line(cells: Any) -> str:
    if not isinstance(cells, list):
        raise RequestError(f"a row is a {type(cells).__name__}; expected a list of cells")
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([str(cell) for cell in cells])
    return text.getvalue()


def _first_row(sample: Any) -> list[str]:
    """The cells of the first row of the sample, or none."""
    try:
        first = next(iter(read_rows(sample)), b"")
    except (OSError, OperatorError):
        return []
    return next(csv.reader([first.decode()]), [])
