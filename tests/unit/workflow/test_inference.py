"""Requests and answers, through the four functions the serving container calls."""

from __future__ import annotations

import json
import math
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import inference
from ml.config.use_case import Batch
from ml.hashes import file_sha256
from ml.model.model_files import ModelRefusedError

CSV, JSON, LINES = "text/csv", "application/json", "application/jsonlines"
FLOWER = [5.1, 3.5, 1.4, 0.2]
FLOWER_CSV = "5.1,3.5,1.4,0.2"
NAMES = ["sepal_length", "sepal_width", "petal_length", "petal_width"]


@pytest.fixture(scope="module")
def iris(iris_run):
    return inference.model_fn(str(iris_run.model))


@pytest.fixture(scope="module")
def housing(housing_run):
    return inference.model_fn(str(housing_run.model))


def ask(model, body, content_type=CSV, accept=CSV):
    rows = inference.input_fn(body, content_type)
    return inference.output_fn(inference.predict_fn(rows, model), accept)


def refused(response) -> str:
    """The message of a refusal; fails for an answer."""
    assert not isinstance(response, tuple), response
    assert response.mimetype == JSON
    return f"{response.status_code} {response.get_json()['error']}"


SAME = [
    (CSV, FLOWER_CSV),
    (CSV, FLOWER_CSV + "\n"),
    (CSV, FLOWER_CSV + "\r\n"),
    (CSV, "\ufeff" + FLOWER_CSV),
    (CSV, '"5.1", 3.5 ,1.4,0.2'),
    ("text/csv; charset=utf-8", FLOWER_CSV.encode()),
    (JSON, json.dumps({"instances": [FLOWER]})),
    (JSON, json.dumps({"instances": [dict(zip(NAMES, FLOWER, strict=True))]})),
    (JSON, json.dumps({"instances": [dict(zip(NAMES[::-1], FLOWER[::-1], strict=True))]}).encode()),
    (JSON, json.dumps({"context": FLOWER_CSV})),
    (LINES, json.dumps(FLOWER)),
    (LINES, json.dumps(dict(zip(NAMES, FLOWER, strict=True))) + "\n"),
]


@pytest.mark.parametrize(("content_type", "body"), SAME)
def test_every_form_of_a_row_gets_the_same_answer(iris, content_type, body):
    assert ask(iris, body, content_type) == ("setosa\n", CSV)
    text, kind = ask(iris, body, content_type, JSON)
    assert kind == JSON
    [answer] = json.loads(text)["predictions"]
    assert answer["label"] == "setosa"
    assert list(answer["probabilities"]) == ["setosa", "versicolor", "virginica"]
    assert sum(answer["probabilities"].values()) == pytest.approx(1)


def test_rows_keep_their_order(iris, iris_run):
    body = "5.1,3.5,1.4,0.2\n6.3,3.3,6.0,2.5\n7.0,3.2,4.7,1.4\n"
    assert ask(iris, body)[0] == "setosa\nvirginica\nversicolor\n"
    lines = ask(iris, body, accept=LINES)[0].splitlines()
    assert [json.loads(line)["label"] for line in lines] == ["setosa", "virginica", "versicolor"]


def test_a_regression_answers_numbers_without_losing_digits(housing, housing_run):
    row = "-122.23,37.88,41.0,880.0,129.0,322.0,126.0,8.3252"
    text, _ = ask(housing, row)
    [value] = json.loads(ask(housing, row, accept=JSON)[0])["predictions"]
    assert float(text) == value
    assert 0 < value < 1.1


def test_predictions_are_those_of_the_evaluation(housing, housing_run):
    lines = (housing_run.evaluation / "predictions.csv").read_text().splitlines()[1:]
    body = "\n".join(line.rsplit(",", 2)[0] for line in lines)
    assert ask(housing, body)[0].split() == [line.rsplit(",", 1)[1] for line in lines]


BAD = [
    (CSV, "", "holds no rows"),
    (CSV, "\n\n", "holds no rows"),
    (CSV, "5.1,3.5,1.4", "row 1: found 3 values, expected 4 (sepal_length, sepal_width, petal_"),
    (CSV, f"{FLOWER_CSV}\n\n{FLOWER_CSV}", "row 2: found 0 values, expected 4"),
    (
        CSV,
        f"{FLOWER_CSV}\n5.1,x,1.4,0.2",
        "row 2, column sepal_width: found 'x', expected a number",
    ),
    (CSV, "5.1,3.5,,0.2", "row 1, column petal_length: found an empty value, expected a number"),
    (CSV, "5.1,3.5,1e999,0.2", "column petal_length: found '1e999', expected a number from 0.1"),
    (
        CSV,
        "5.1,3.5,1.4,99",
        "row 1, column petal_width: found '99', expected a number from 0.1 to 30",
    ),
    (CSV, ",".join(NAMES) + "\n" + FLOWER_CSV, "Row 1 is a header line; send rows only"),
    (CSV, '"5.1,3.5', "is not CSV: unexpected end of data"),
    (CSV, b"\xff\xfe", "not UTF-8: byte 0"),
    (JSON, "", "Cannot read the body as JSON"),
    (JSON, "[" * 100_000, "Cannot read the body as JSON"),
    (JSON, "[1,2]", 'expected {"instances": [[...], {...}]} or {"context": "5.1,3.5,1.4,0.2"}'),
    (JSON, '{"rows": []}', "Found \"the keys 'rows'\", expected"),
    (JSON, '{"instances": []}', "holds no rows"),
    (JSON, '{"instances": [5]}', "row 1: found 5, expected a list of 4 values or an object"),
    (JSON, '{"instances": [[1, 2, 3]]}', "row 1: found 3 values, expected 4"),
    (
        JSON,
        '{"instances": [[5.1, 3.5, 1.4, "0.2"]]}',
        "petal_width: found '0.2', expected a number",
    ),
    (JSON, '{"instances": [[5.1, 3.5, 1.4, true]]}', "petal_width: found True, expected a number"),
    (JSON, '{"instances": [[5.1, 3.5, 1.4, null]]}', "petal_width: found an empty value"),
    (
        JSON,
        '{"instances": [[5.1, 3.5, 1.4, NaN]]}',
        "NaN is not JSON; use null for a missing value",
    ),
    (JSON, '{"instances": [[5.1, 3.5, 1.4, [1]]]}', "petal_width: found [1], expected a number"),
    (
        JSON,
        '{"instances": [[5.1, 3.5, 1.4, 1' + "0" * 400 + "]]}",
        "expected a number from 0.1 to 30",
    ),
    (
        JSON,
        '{"instances": [{"sepal_length": 5.1}]}',
        "row 1: lacks sepal_width, petal_length, petal",
    ),
    (
        JSON,
        '{"instances": [{"sepal_length": 5.1, "colour": 1}]}',
        "row 1: unknown 'colour', expected",
    ),
    (LINES, f"{json.dumps(FLOWER)}\n{{", "Cannot read line 2 as JSON"),
]


@pytest.mark.parametrize(("content_type", "body", "message"), BAD)
def test_a_wrong_request_names_row_column_found_and_expected(iris, content_type, body, message):
    text = refused(ask(iris, body, content_type))
    assert message in text
    assert text.startswith("400 ")


def test_many_problems_are_counted(iris):
    text = refused(ask(iris, "5.1,x,1.4,0.2\n" * 9))
    assert text.count("found 'x'") == 5
    assert text.endswith("; and 4 more.")


@pytest.mark.parametrize("content_type", ["", None, "text/plain", "application/x-npy"])
def test_other_content_types_are_refused(iris, content_type):
    text = refused(ask(iris, FLOWER_CSV, content_type))
    assert text.startswith("415 Content type ")
    assert "is not supported; expected one of text/csv, application/json" in text


@pytest.mark.parametrize(
    ("accept", "kind"),
    [
        (None, JSON),
        ("", JSON),
        ("*/*", JSON),
        ("text/*", CSV),
        ("text/csv; q=0.5", CSV),
        ("image/png, text/csv, application/json", CSV),
        ("APPLICATION/JSONLINES", LINES),
    ],
)
def test_the_accept_header_is_honoured(iris, accept, kind):
    assert ask(iris, FLOWER_CSV, accept=accept)[1] == kind


def test_an_accept_header_that_cannot_be_met_is_refused(iris):
    text = refused(ask(iris, FLOWER_CSV, accept="image/png"))
    assert text.startswith("406 Accept 'image/png' cannot be given; expected one of text/csv")


scalars = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(FLOWER),
)
documents = st.recursive(
    scalars,
    lambda inner: (
        st.lists(inner, max_size=5)
        | st.dictionaries(st.sampled_from([*NAMES, "instances", "context", "x"]), inner, max_size=5)
    ),
    max_leaves=15,
)
bodies = st.one_of(
    st.tuples(st.sampled_from([CSV, JSON, LINES]), st.binary(max_size=80)),
    st.tuples(st.just(CSV), st.text(alphabet='0123456789.,-eE+"\n\r xé\x00', max_size=60)),
    st.tuples(st.sampled_from([JSON, LINES]), documents.map(json.dumps)),
    st.tuples(st.just(JSON), documents.map(lambda inner: json.dumps({"instances": [inner]}))),
)


@settings(max_examples=300, deadline=None)
@given(request_=bodies)
def test_any_body_is_answered_or_refused(iris, request_):
    content_type, body = request_
    result = ask(iris, body, content_type, JSON)
    if not isinstance(result, tuple):
        assert refused(result).startswith("400 ")
        assert len(refused(result)) < 2000
        return
    for answer in json.loads(result[0])["predictions"]:
        assert answer["label"] in ("setosa", "versicolor", "virginica")
        assert all(math.isfinite(share) for share in answer["probabilities"].values())


def test_it_answers_a_file_by_hand(iris_run, tmp_path, capsys):
    (tmp_path / "rows.csv").write_text(FLOWER_CSV + "\n" + FLOWER_CSV)
    flags = ["--model", str(iris_run.model), "--input", str(tmp_path / "rows.csv")]
    inference.main(inference.parse_arguments(flags))
    assert capsys.readouterr().out == "setosa\nsetosa\n"


def test_a_wrong_file_is_refused_by_hand(iris_run, tmp_path):
    (tmp_path / "rows.csv").write_text("5.1,3.5")
    script = Path(inference.__file__)
    done = subprocess.run(
        [sys.executable, script, "--model", iris_run.model, "--input", tmp_path / "rows.csv"],
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert done.stderr.startswith("inference: row 1: found 2 values, expected 4")


def test_the_container_loads_only_what_was_registered(iris_run, monkeypatch):
    monkeypatch.setenv("MODEL_CARD_SHA256", file_sha256(iris_run.model / "model.json"))
    assert ask(inference.model_fn(str(iris_run.model)), FLOWER_CSV)[0] == "setosa\n"
    monkeypatch.setenv("MODEL_CARD_SHA256", "0" * 64)
    with pytest.raises(ModelRefusedError, match="is not the one that was registered"):
        inference.model_fn(str(iris_run.model))


def test_a_transform_job_skips_bad_rows_or_fails(iris, monkeypatch):
    skipping = replace(iris, use_case=replace(iris.use_case, batch=Batch("skip")))
    body = f"{FLOWER_CSV}\n5.1,x,1.4,0.2\n6.3,3.3,6.0,2.5\n"
    assert refused(ask(skipping, body)).startswith("400 row 2, column sepal_width")  # an endpoint

    monkeypatch.setenv("SAGEMAKER_BATCH", "true")

    assert ask(skipping, body) == ("setosa\n\nvirginica\n", CSV)
    assert ask(skipping, body.encode())[0] == "setosa\n\nvirginica\n"
    lines = [json.loads(line) for line in ask(skipping, body, accept=LINES)[0].splitlines()]
    assert [line.get("label") for line in lines] == ["setosa", None, "virginica"]
    assert lines[1]["error"].startswith("row 2, column sepal_width: found 'x'")
    message = refused(ask(iris, body))
    assert message.startswith("400 row 2, column sepal_width: found 'x'")
    assert message.endswith("Row 2 is '5.1,x,1.4,0.2'.")
