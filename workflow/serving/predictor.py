"""From a request's body to the answer's, with the exported model in onnxruntime."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from ml.export.onnx_session import load_session
from ml.export.tables import TreeTables
from ml.inference.arrays import arrays_of
from ml.inference.bad_rows import BadRows, in_transform_job
from ml.inference.requests import (
    CONTENT_TYPES,
    CSV,
    JSON,
    JSON_LINES,
    Rows,
    accepted,
    content_type_of,
    decode,
)
from ml.model.model_files import ModelRefusedError, read_recorded
from serving.model import ServedModel
from serving.reading import FastReader, Matrix, csv_chunks
from serving.writing import Predicted, Writer

INPUT, VALUES, LABELS, PROBABILITIES = "rows", "values", "labels", "probabilities"
ROWS_AT_ONCE = 8192  # bounds the memory of the graph's tensors
EXAMPLE_TOLERANCE = 1e-6
TABLE_ROWS = 8  # from here on the tables are faster than walking down the trees


class Predictor(Protocol):
    """What the application needs of a model."""

    def respond(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[str, bytes]:
        """The content type and the body of the answer; raise InvalidRequestError to refuse."""
        ...


class OnnxPredictor:
    """Predicts with model.onnx, and many rows at once with the tables where the model has them."""

    def __init__(self, model: ServedModel) -> None:
        serving = model.serving
        [content] = read_recorded(model.folder, [serving["model_file"]])
        try:
            self._session = load_session(content)
        except Exception as error:  # its exceptions have no common base below Exception
            raise ModelRefusedError(
                f"onnxruntime cannot load the exported model: {error}"
            ) from error
        self._outputs = [output.name for output in self._session.get_outputs()]
        self._tables: TreeTables | None = None
        if "tables_file" in serving:
            [tables] = read_recorded(model.folder, [serving["tables_file"]])
            self._tables = TreeTables(tables)
        self._use_case = model.use_case
        self._codes = {
            name: {text: code for code, text in enumerate(texts)}
            for name, texts in serving["categories"].items()
        }
        self._reader = FastReader(model.use_case, self._codes)
        self._writer = Writer(serving["classes"])
        self._accepted: dict[str | None, str] = {}
        self._check(serving)

    def respond(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[str, bytes]:
        form = content_type if content_type == JSON else content_type_of(content_type)
        kind = self._accepted.get(accept)
        if form == JSON and kind is not None:  # nearly every request: no generator, no list
            matrix = self._reader.json(body)
            if matrix is not None and len(matrix) <= ROWS_AT_ONCE:
                return kind, self._writer.write([self._predict(matrix)], kind)
        if form not in CONTENT_TYPES:
            decode(body, content_type)  # raises UnsupportedContentTypeError
        if kind is None:
            kind = accepted(accept)
            if (
                len(self._accepted) < 100
            ):  # clients repeat themselves, and no client may fill the memory
                self._accepted[accept] = kind
        chunks = [self._predict(matrix) for matrix in self._matrices(body, form)]
        return kind, self._writer.write(chunks, kind)

    def _matrices(self, body: bytes, form: str) -> Iterator[Matrix]:
        if form == CSV:
            first = 1
            for chunk in csv_chunks(body):
                matrix = self._reader.csv(chunk)
                if matrix is None:
                    matrix = self._slow(decode(chunk, form), first)
                first += len(matrix)
                yield matrix
            return
        matrix = self._reader.json(body) if form == JSON else None
        if form == JSON_LINES:
            matrix = self._reader.json_lines(body)
        if matrix is None:
            rows = decode(body, form)
            for start in range(0, len(rows.rows), ROWS_AT_ONCE):
                some = Rows(rows.rows[start : start + ROWS_AT_ONCE], rows.as_text)
                yield self._slow(some, start + 1)
            return
        for start in range(0, len(matrix), ROWS_AT_ONCE):
            yield matrix[start : start + ROWS_AT_ONCE]

    def _slow(self, rows: Rows, first: int) -> Matrix:
        """Rows of any kind, checked cell by cell; raises InvalidRequestError naming row and column."""
        arrays = arrays_of(rows, self._use_case, first)
        columns: list[npt.NDArray[np.float64]] = []
        for name, values in arrays.items():
            codes = self._codes.get(name)
            if codes is not None:
                values = np.array([codes[text] for text in values], dtype=np.float64)
            columns.append(values)
        return np.column_stack(columns)

    def _predict(self, matrix: Matrix) -> Predicted:
        if self._tables is not None and len(matrix) >= TABLE_ROWS:
            return Predicted(*self._tables.predict(matrix))
        outputs: list[Any] = self._session.run(self._outputs, {INPUT: matrix})
        return Predicted(*outputs)

    def _check(self, serving: dict[str, Any]) -> None:
        """Predict the row that train predicted: proves the model here before /ping says it is well."""
        example = serving["example"]
        row = [np.nan if value is None else value for value in example["row"]]
        expected = example["prediction"]
        for count in (1, TABLE_ROWS):  # with the graph, and with the tables
            found = self._predict(np.array([row] * count, dtype=np.float64)).values.tolist()[-1]
            if serving["classes"] is not None:
                right = serving["classes"][found] == expected
            else:
                right = abs(found - expected) <= EXAMPLE_TOLERANCE * max(1.0, abs(expected))
            if not right:
                raise ModelRefusedError(
                    f"the exported model predicts {found!r} for the example row of model.json, which "
                    f"records {expected!r}. Train again."
                )


def load_predictor(model: ServedModel) -> Predictor:
    """The predictor that model.json asks for; in a transform job with its policy for bad rows around it."""
    predictor = _predictor(model)
    return BadRows(model.use_case, predictor.respond) if in_transform_job() else predictor


def _predictor(model: ServedModel) -> Predictor:
    runtime = model.serving["runtime"]
    if runtime == "onnxruntime":
        return OnnxPredictor(model)
    if runtime == "scikit-learn":
        from serving.sklearn_predictor import SklearnPredictor

        return SklearnPredictor(model.folder)
    raise ModelRefusedError(
        f"serving.runtime of model.json: found {runtime!r}, expected onnxruntime or scikit-learn."
    )
