"""Small models in the files that train writes, and bodies that no server likes."""

from __future__ import annotations

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from ml.config.use_case import UseCase, parse_use_case
from ml.export.onnx_export import export_model
from ml.model.artifact import save_model
from ml.model.estimators import make_estimator
from ml.model.features import build_pipeline, fit
from ml.model.lineage import library_versions

WORKFLOW = Path(__file__).resolve().parents[4] / "workflow"
CSV, JSON, JSON_LINES = "text/csv", "application/json", "application/jsonlines"

NUMBERS = [
    {"name": "width", "type": "number", "minimum": -5, "maximum": 5},
    {"name": "height", "type": "number"},
    {"name": "count", "type": "integer", "minimum": 0},
]
MIXED = [
    {"name": "width", "type": "number", "maximum_missing_share": 0.5},
    {"name": "height", "type": "number", "minimum": -100, "maximum": 100},
    {"name": "colour", "type": "category", "values": ["red", "green", "light, blue"]},
    {
        "name": "shape",
        "type": "category",
        "values": ["round", "flat"],
        "maximum_missing_share": 0.5,
    },
]
CLASSES = {2: ["no", "yes"], 3: ["low", "mid, or so", "high"]}


def make_use_case(estimator: str, columns: list[dict[str, Any]], classes: int = 0) -> UseCase:
    task = "classification" if classes else "regression"
    target = {"name": "target", "type": "number"}
    if classes:
        target = {"name": "target", "type": "category", "values": CLASSES[classes]}
    metric = ("accuracy", "maximize") if classes else ("r2", "maximize")
    document = {
        "name": "test",
        "description": "For the tests of the server.",
        "task": task,
        "target": "target",
        "columns": [*columns, target],
        "model": {"estimator": estimator, "hyperparameters": {}, "seed": 3},
        "metric": {"name": metric[0], "threshold": 0, "direction": metric[1]},
    }
    return parse_use_case(document)


def make_frame(use_case: UseCase, rows: int = 400, seed: int = 5) -> pd.DataFrame:
    """Rows of the use case whose target depends on the features."""
    generator = np.random.default_rng(seed)
    columns: dict[str, Any] = {}
    score = np.zeros(rows)
    for column in use_case.features:
        if column.type == "category":
            allowed = [*column.values, *([""] if column.maximum_missing_share else [])]
            codes = generator.integers(len(allowed), size=rows)
            columns[column.name] = pd.Series([allowed[code] for code in codes], dtype=object)
            score += codes
            continue
        low, high = column.minimum or 0, min(column.maximum or 5, 5)
        values = generator.uniform(low, high, rows)
        if column.type == "integer":
            values = np.floor(values)
        score += values
        if column.maximum_missing_share:
            values[generator.random(rows) < 0.2] = np.nan
        columns[column.name] = values
    score += generator.normal(size=rows)
    if use_case.task == "regression":
        columns["target"] = score
    else:
        labels = use_case.target_column.values
        ranks = np.argsort(np.argsort(score)) * len(labels) // rows
        columns["target"] = pd.Series([labels[rank] for rank in ranks], dtype=object)
    return pd.DataFrame(columns)


def make_model(
    folder: Path,
    estimator: str = "Ridge",
    columns: list[dict[str, Any]] | None = None,
    classes: int = 0,
    hyperparameters: dict[str, Any] | None = None,
    exported: bool = True,
) -> UseCase:
    """Train on made-up rows and write model.joblib, model.json and, when it can be, model.onnx."""
    use_case = make_use_case(estimator, NUMBERS if columns is None else columns, classes)
    frame = make_frame(use_case)
    chosen = make_estimator(estimator, use_case.task, hyperparameters or {}, 3)
    pipeline = fit(build_pipeline(use_case, chosen), frame, use_case)
    card: dict[str, Any] = {
        "estimator": estimator,
        "lineage": {"libraries": library_versions()},
    }
    if exported:
        card["serving"] = export_model(folder, pipeline, frame, use_case)
    save_model(folder, pipeline, card, use_case, WORKFLOW)
    return use_case


def good_rows(use_case: UseCase, count: int, seed: int = 11) -> list[list[Any]]:
    """Rows that are right, in JSON's types."""
    frame = make_frame(use_case, max(count, 10), seed)[use_case.feature_names]
    rows = []
    for values in frame.head(count).itertuples(index=False):
        rows.append(
            [None if isinstance(value, float) and np.isnan(value) else value for value in values]
        )
    return rows


def as_csv(rows: list[list[Any]]) -> bytes:
    def cell(value: Any) -> str:
        text = "" if value is None else str(value)
        return f'"{text}"' if "," in text else text

    return "".join(",".join(map(cell, row)) + "\n" for row in rows).encode()


def hostile_bodies(use_case: UseCase, count: int, seed: int) -> Iterator[tuple[bytes, str]]:
    """Bodies with their content type: right ones, and right ones with something broken."""
    chance = random.Random(seed)
    good = good_rows(use_case, 12)
    for _ in range(count):
        rows: list[Any] = [list(row) for row in chance.sample(good, chance.choice((1, 1, 2, 7)))]
        for _ in range(chance.choice((0, 1, 1, 2))):
            _break_rows(rows, use_case, chance)
        kind = chance.choice((CSV, JSON, JSON_LINES))
        body = _written(rows, use_case, kind, chance)
        if chance.random() < 0.25:
            body = _break_bytes(body, chance)
        yield body, kind


_CELLS: list[Any] = [
    "", " ", "abc", "NaN", "nan", "inf", "-Infinity", "1e999", "1e-999", "1_000", "0x10", "+1", ".5", "1.",
    "01", "\uff11", "é", "\u0000", "\u2028", "'", '"', '""', "1,2", "1\n2", "[1]", "1],[2", "{}", "null",
    "true", " 3 ",
    "-0", "-0.0", "99999999999999999999999", "1" * 400, True, False, None, [], {}, [1], 1e308, -1e308, 10**30,
    2**63, 0, -1, 1.5, "red", "RED", "light, blue", "\ufeff1", "1;2", "1\t", "\r", "1\r",
]  # fmt: skip


def _break_rows(rows: list[Any], use_case: UseCase, chance: random.Random) -> None:
    place = chance.randrange(len(rows))
    row = rows[place]
    action = chance.randrange(6)
    if action <= 2 and isinstance(row, list) and row:
        row[chance.randrange(len(row))] = chance.choice(_CELLS)
    elif action == 3 and isinstance(row, list) and row:
        row.pop()
    elif action == 4 and isinstance(row, list):
        row.append(chance.choice(_CELLS))
    else:
        rows[place] = chance.choice(
            [[], {}, None, 1, "text", [None], [[]], use_case.feature_names, {"width": 1}]
        )


def _written(rows: list[Any], use_case: UseCase, kind: str, chance: random.Random) -> bytes:
    if kind == CSV:
        lists = [row if isinstance(row, list) else [row] for row in rows]
        body = as_csv(lists)
        return body.replace(b"\n", b"\r\n") if chance.random() < 0.2 else body
    items = [
        dict(zip(use_case.feature_names, row, strict=False))
        if isinstance(row, list) and chance.random() < 0.3
        else row
        for row in rows
    ]
    if kind == JSON_LINES:
        return "\n".join(json.dumps(item) for item in items).encode()
    document: Any = {"instances": items}
    if chance.random() < 0.1:
        document = {"context": as_csv([row for row in rows if isinstance(row, list)]).decode()}
    if chance.random() < 0.05:
        document = chance.choice([[], {}, None, 3, {"instances": 5}, {"a": [], "instances": items}])
    return json.dumps(document).encode()


def _break_bytes(body: bytes, chance: random.Random) -> bytes:
    place = chance.randrange(len(body) + 1)
    piece = chance.choice(
        [b"-", b"\xff", b"\xc3", b"\x00", b"\n", b"\r", b"\r\n", b",", b"[", b"]", b"{", b"}", b'"', b" ",
         b"NaN",
         b"\xef\xbb\xbf", b"\xe2\x80\xa8", b"1", b"e", b"\n\n", b"],[", b"\x0b", b"\x85"]
    )  # fmt: skip
    action = chance.randrange(3)
    if action == 0:
        return body[:place] + piece + body[place:]
    if action == 1:
        return body[:place]
    return body[:place] + piece + body[place + 1 :]
