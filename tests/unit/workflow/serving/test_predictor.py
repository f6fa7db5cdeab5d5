"""The server's answers are those of ml.inference.answers, which serves the model in the prebuilt image."""

from __future__ import annotations

import csv
import io
import json
import math
import shutil
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from ml.config.use_case import Batch
from ml.errors import InvalidRequestError, UnsupportedContentTypeError
from ml.inference.answers import NoAnswerError, answer, encode
from ml.inference.requests import decode
from ml.model.artifact import load_model
from ml.model.model_files import CARD_FILE, ModelRefusedError
from serving.model import open_model
from serving.predictor import OnnxPredictor, load_predictor
from serving.sklearn_predictor import SklearnPredictor
from tests.unit.workflow.serving.conftest import Trained
from tests.unit.workflow.serving.small_models import (
    CSV,
    JSON,
    JSON_LINES,
    as_csv,
    good_rows,
    hostile_bodies,
    make_model,
)


def oracle(model: Any, body: bytes, kind: str, accept: str) -> tuple[str, str]:
    return encode(answer(decode(body, kind), model), accept)


def parsed(text: str, kind: str) -> Any:
    if kind == CSV:
        cells = [row[0] for row in csv.reader(io.StringIO(text))]
        return [
            float(cell) if cell.replace(".", "").strip("-")[:1].isdigit() else cell
            for cell in cells
        ]
    if kind == JSON:
        return json.loads(text)["predictions"]
    return [json.loads(line) for line in text.splitlines()]


def same(found: Any, expected: Any) -> bool:
    if isinstance(expected, float):
        return math.isclose(found, expected, rel_tol=1e-9, abs_tol=1e-9)
    if isinstance(expected, list):
        return len(found) == len(expected) and all(map(same, found, expected))
    if isinstance(expected, dict):
        return found.keys() == expected.keys() and all(
            same(found[k], expected[k]) for k in expected
        )
    return bool(found == expected)


@pytest.mark.parametrize("accept", [CSV, JSON, JSON_LINES])
@pytest.mark.parametrize("count", [1, 3, 9])
def test_predictions_are_those_of_scikit_learn(any_model: Trained, accept: str, count: int) -> None:
    predictor = load_predictor(open_model(any_model.folder))
    assert isinstance(predictor, OnnxPredictor)
    model = load_model(any_model.folder)
    rows = good_rows(any_model.use_case, count)
    bodies = [
        (as_csv(rows), CSV),
        (json.dumps({"instances": rows}).encode(), JSON),
        (json.dumps({"context": as_csv(rows[:1]).decode()}).encode(), JSON),
        ("".join(json.dumps(row) + "\n" for row in rows).encode(), JSON_LINES),
        (json.dumps({"instances": [dict(zip(any_model.use_case.feature_names, row, strict=True))
                                   for row in rows]}).encode(), JSON),
    ]  # fmt: skip
    for body, kind in bodies:
        found_kind, found = predictor.respond(body, kind, accept)
        expected, expected_kind = oracle(model, body, kind, accept)
        assert found_kind == expected_kind == accept
        assert same(parsed(found.decode(), accept), parsed(expected, accept)), (body, kind)


@pytest.mark.parametrize("seed", range(3))
def test_fuzzed_bodies_are_answered_or_refused_alike(any_model: Trained, seed: int) -> None:
    predictor = load_predictor(open_model(any_model.folder))
    model = load_model(any_model.folder)
    answered = refused = 0
    for body, kind in hostile_bodies(any_model.use_case, 80, seed):
        try:
            expected, error = oracle(model, body, kind, JSON)[0], None
        except InvalidRequestError as caught:
            if isinstance(caught, NoAnswerError) and "single precision" in str(caught):
                continue  # of scikit-learn's trees alone: onnxruntime answers such rows
            expected, error = "", caught
        if error is None:
            answered += 1
            assert same(
                parsed(predictor.respond(body, kind, JSON)[1].decode(), JSON),
                parsed(expected, JSON),
            ), (body, kind)
        else:
            refused += 1
            with pytest.raises(InvalidRequestError) as found:
                predictor.respond(body, kind, JSON)
            assert str(found.value) == str(error), (body, kind)
            assert found.value.status_code == error.status_code
    assert answered > 5 and refused > 25


@pytest.mark.parametrize("kind", [CSV, JSON, JSON_LINES])
def test_a_long_body_is_one_answer_in_order(any_model: Trained, kind: str) -> None:
    predictor = load_predictor(open_model(any_model.folder))
    rows = good_rows(any_model.use_case, 30_000)
    bodies = {
        CSV: as_csv(rows),
        JSON: json.dumps({"instances": rows}).encode(),
        JSON_LINES: "\n".join(map(json.dumps, rows)).encode(),
    }
    found = parsed(predictor.respond(bodies[kind], kind, JSON)[1].decode(), JSON)
    assert len(found) == len(rows)
    for index in (0, 1, 8191, 8192, 12_345, 29_999):
        one = predictor.respond(as_csv(rows[index : index + 1]), CSV, JSON)[1]
        assert same(found[index : index + 1], parsed(one.decode(), JSON))


@pytest.mark.parametrize("kind", [CSV, JSON, JSON_LINES])
def test_an_error_far_down_names_its_row(numbers_model: Trained, kind: str) -> None:
    predictor = load_predictor(open_model(numbers_model.folder))
    rows = good_rows(numbers_model.use_case, 30_000)
    rows[25_000][0] = 77.5
    body = {
        CSV: as_csv(rows),
        JSON: json.dumps({"instances": rows}).encode(),
        JSON_LINES: "\n".join(map(json.dumps, rows)).encode(),
    }[kind]
    with pytest.raises(
        InvalidRequestError, match=r"row 25001, column width: found '?77.5'?, expected a number"
    ):
        predictor.respond(body, kind, CSV)


def test_a_blank_line_between_blocks_is_refused(numbers_model: Trained) -> None:
    predictor = load_predictor(open_model(numbers_model.folder))
    half = as_csv(good_rows(numbers_model.use_case, 8_000))
    with pytest.raises(InvalidRequestError, match="row 8001: found 0 values, expected 3"):
        predictor.respond(half + b"\n" + half, CSV, CSV)


def test_an_unknown_content_type_is_named(numbers_model: Trained) -> None:
    predictor = load_predictor(open_model(numbers_model.folder))
    with pytest.raises(UnsupportedContentTypeError, match="'image/PNG' is not supported"):
        predictor.respond(b"1", "image/PNG", None)
    with pytest.raises(UnsupportedContentTypeError):
        predictor.respond(b"1", None, None)


def test_a_prediction_that_overflows_is_refused(numbers_model: Trained) -> None:
    predictor = load_predictor(open_model(numbers_model.folder))
    body = json.dumps({"instances": [[1, 2, 3], [1, 1.7e308, 1.7e308]]}).encode()
    for accept in (CSV, JSON, JSON_LINES):
        with pytest.raises(InvalidRequestError, match="row 2: the prediction is inf"):
            predictor.respond(body, JSON, accept)


@pytest.mark.parametrize("accept", [CSV, JSON, JSON_LINES])
@pytest.mark.parametrize("exported", [True, False])
@pytest.mark.parametrize(
    ("estimator", "classes"), [("Ridge", 0), ("LogisticRegression", 3), ("GaussianNB", 2)]
)
def test_no_form_of_the_answer_hides_an_overflow(
    tmp_path: Path, estimator: str, classes: int, exported: bool, accept: str
) -> None:
    make_model(tmp_path, estimator, classes=classes, exported=exported)
    predictor = load_predictor(open_model(tmp_path))
    body = b"1,2,3\n1,1.7e308,1e308\n1,2,3\n1,1.7e308,1e308\n"
    with pytest.raises(InvalidRequestError, match=r"row 2: the prediction is .*; row 4: the pred"):
        predictor.respond(body, CSV, accept)


@pytest.mark.parametrize("classes", [0, 2])
def test_a_number_beyond_single_precision_is_the_clients_fault(
    tmp_path: Path, classes: int
) -> None:
    """Trees of scikit-learn raise ValueError, which must not count as a fault of the endpoint."""
    kind = "RandomForestClassifier" if classes else "RandomForestRegressor"
    make_model(tmp_path, kind, classes=classes, exported=False)
    predictor = load_predictor(open_model(tmp_path))
    with pytest.raises(
        InvalidRequestError, match=r"row 2, column height: found -1e\+39, which sing"
    ):
        predictor.respond(b"1,2,3\n1,-1e39,3\n", CSV, JSON)


def test_a_model_that_was_not_exported_is_served_by_scikit_learn(tmp_path: Path) -> None:
    use_case = make_model(tmp_path, "KNeighborsRegressor")
    model = open_model(tmp_path)
    assert model.serving == {
        "runtime": "scikit-learn",
        "reason": "the estimator KNeighborsRegressor is not translated",
    }
    predictor = load_predictor(model)
    assert isinstance(predictor, SklearnPredictor)
    kind, body = predictor.respond(as_csv(good_rows(use_case, 2)), CSV, None)
    assert kind == JSON
    assert len(json.loads(body)["predictions"]) == 2


def test_a_model_of_the_prebuilt_image_is_served_by_scikit_learn(tmp_path: Path) -> None:
    make_model(tmp_path, exported=False)
    assert isinstance(load_predictor(open_model(tmp_path)), SklearnPredictor)


def changed(folder: Path, target: Path, change: Any) -> Path:
    shutil.copytree(folder, target)
    card = json.loads((target / CARD_FILE).read_text())
    change(card)
    (target / CARD_FILE).write_text(json.dumps(card))
    return target


def test_another_file_than_recorded_is_not_loaded(numbers_model: Trained, tmp_path: Path) -> None:
    folder = changed(numbers_model.folder, tmp_path / "model", lambda card: None)
    path = folder / "model.onnx"
    path.write_bytes(path.read_bytes()[:-1] + b"!")
    with pytest.raises(ModelRefusedError, match=r"model\.onnx is not the file that train wrote"):
        load_predictor(open_model(folder))


def test_a_model_that_predicts_something_else_than_recorded_is_refused(
    numbers_model: Trained, tmp_path: Path
) -> None:
    def change(card: dict[str, Any]) -> None:
        card["serving"]["example"]["prediction"] += 1

    folder = changed(numbers_model.folder, tmp_path / "model", change)
    with pytest.raises(ModelRefusedError, match=r"for the example row of model\.json"):
        load_predictor(open_model(folder))


def test_an_unknown_runtime_is_named(numbers_model: Trained, tmp_path: Path) -> None:
    folder = changed(
        numbers_model.folder,
        tmp_path / "model",
        lambda card: card["serving"].update(runtime="magic"),
    )
    with pytest.raises(
        ModelRefusedError, match="found 'magic', expected onnxruntime or scikit-learn"
    ):
        load_predictor(open_model(folder))


def test_a_folder_without_a_model_is_named(tmp_path: Path) -> None:
    with pytest.raises(ModelRefusedError, match=f"{tmp_path} holds no model"):
        open_model(tmp_path)


@pytest.mark.parametrize("exported", [True, False])
def test_a_transform_job_skips_bad_rows_or_fails(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exported: bool
) -> None:
    make_model(tmp_path, exported=exported)
    model = open_model(tmp_path)
    body = b"1,2,3\n1,2,x\n1,2,3\n1,1.7e308,1.7e308\n"
    endpoint = load_predictor(model)
    expected = endpoint.respond(b"1,2,3\n", CSV, CSV)[1]
    skipping = replace(model, use_case=replace(model.use_case, batch=Batch("skip")))
    with pytest.raises(InvalidRequestError):
        load_predictor(skipping).respond(
            body, CSV, CSV
        )  # an endpoint refuses, whatever a batch does

    monkeypatch.setenv("SAGEMAKER_BATCH", "true")

    assert load_predictor(skipping).respond(body, CSV, CSV) == (
        CSV,
        expected + b"\n" + expected + b"\n",
    )
    with pytest.raises(InvalidRequestError, match=r"row 2, column count: .* Row 2 is '1,2,x'\."):
        load_predictor(model).respond(body, CSV, CSV)


def test_a_changed_file_of_the_code_is_refused(tmp_path: Path) -> None:
    make_model(tmp_path)
    assert open_model(tmp_path).serving["runtime"] == "onnxruntime"
    (tmp_path / "code/ml/errors.py").write_text("raise SystemExit\n")
    with pytest.raises(ModelRefusedError, match=r"code/ml/errors\.py is not the file that train"):
        open_model(tmp_path)
    (tmp_path / "code/ml/errors.py").unlink()  # what is not there cannot be run
    open_model(tmp_path)


def test_a_model_json_that_was_not_registered_is_refused(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    make_model(tmp_path)
    monkeypatch.setenv("MODEL_CARD_SHA256", "0" * 64)
    with pytest.raises(ModelRefusedError, match=r"model\.json is not the one that was registered"):
        open_model(tmp_path)
