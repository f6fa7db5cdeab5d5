"""The use case document: what is accepted, and that every problem is reported at once."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from ml.config.use_case import UseCaseError, load_use_case, parse_use_case


def test_the_small_use_case_is_read(small):
    assert small.feature_names == ["size", "count", "colour"]
    assert small.target_column.values == ("no", "yes")
    assert small.model.hyperparameters == {"C": 2.0}
    assert [column.expected for column in small.columns] == [
        "a number from 0 to 10",
        "a whole number of at least 0",
        "one of red, green",
        "one of no, yes",
    ]


def test_what_is_left_out_has_a_default(small_document):
    del small_document["data"], small_document["split"]
    use_case = parse_use_case(small_document)
    assert (use_case.data.minimum_rows, use_case.data.duplicates) == (50, "keep")
    assert (use_case.split.test_share, use_case.split.seed) == (0.2, 0)


def set_path(document, path, value):
    for key in path[:-1]:
        document = document[key]
    document[path[-1]] = value


@pytest.mark.parametrize(
    ("path", "value", "message"),
    [
        (("name",), "Bad Name", "name: found 'Bad Name', expected a match of [a-z]"),
        (("name",), None, "name: found null, expected a text"),
        (("task",), "clustering", "task: found 'clustering', expected one of regression, classif"),
        (("target",), "price", "target: found 'price', expected one of the columns: size, count"),
        (("target",), "size", "target: 'size' is of type number; a classification predicts a cat"),
        (("colums",), [], "unknown key 'colums', expected one of batch, champion, columns"),
        (("columns",), [], "columns: found [], expected a list of at least 2 objects"),
        (("columns", 0, "type"), "float", "columns[size]: type: found 'float', expected one of"),
        (("columns", 0, "minimum"), 11, "columns[size]: minimum 11 must be below maximum 10"),
        (("columns", 0, "minimum"), True, "columns[size]: minimum: found True, expected a number"),
        (("columns", 0, "values"), ["a", "b"], "columns[size]: unknown key 'values'"),
        (("columns", 0, "name"), "count", "columns: 'count' is listed 2 times"),
        (("columns", 2, "values"), ["red"], "columns[colour]: values: found ['red'], expected"),
        (("columns", 2, "values"), ["red", "red "], "without spaces around them"),
        (("columns", 2, "values"), ["red", "two\nlines"], "texts of one line without"),
        (("columns", 2, "values"), ["red", "two\rlines"], "texts of one line without"),
        (("columns", 2, "values"), ["red", "half \ud800"], "texts of one line without"),
        (("columns", 3, "maximum_missing_share"), 0.1, "must not have a maximum_missing_share"),
        (("data", "minimum_rows"), 2.5, "data: minimum_rows: found 2.5, expected a whole number"),
        (("data", "duplicates"), "maybe", "data: duplicates: found 'maybe', expected one of keep"),
        (("split", "test_share"), 0.9, "split: test_share: found 0.9, expected a number from 0.05"),
        (("split", "seed"), -1, "split: seed: found -1, expected a whole number from 0"),
        (("model", "estimator"), "", "model: estimator: found '', expected a text"),
        (("model", "hyperparameters"), 5, "model: hyperparameters: found 5, expected an object"),
        (("metric", "name"), "r2", "metric: name: found 'r2', expected one of accuracy"),
        (("metric", "direction"), "minimize", "for accuracy it is 'maximize' that makes a model"),
        (("metric", "threshold"), "0.9", "metric: threshold: found '0.9', expected a number"),
        (("metric",), 1, "metric: found 1, expected an object"),
    ],
)
def test_a_wrong_value_is_refused_by_place_and_value(small_document, path, value, message):
    set_path(small_document, path, value)
    with pytest.raises(UseCaseError) as refusal:
        parse_use_case(small_document)
    assert message in str(refusal.value)


def test_all_problems_are_reported_at_once(small_document):
    small_document["split"]["seed"] = "one"
    small_document["columns"][1]["type"] = "int"
    del small_document["metric"]["threshold"]
    with pytest.raises(UseCaseError, match=r"has 3 problem\(s\)") as refusal:
        parse_use_case(small_document)
    assert str(refusal.value).count("\n- ") == 3


@pytest.mark.parametrize("document", [None, [], "text", 1])
def test_anything_but_an_object_is_refused(document):
    with pytest.raises(UseCaseError, match=r"the document: found .* expected an object"):
        parse_use_case(document)


def test_a_folder_must_hold_one_use_case(tmp_path: Path, small_document):
    with pytest.raises(UseCaseError, match=r"must hold one use case .* found none"):
        load_use_case(tmp_path)
    (tmp_path / "use_case.json").write_text(json.dumps(small_document))
    assert load_use_case(tmp_path).name == "small"
    (tmp_path / "other.json").write_text("{}")
    with pytest.raises(UseCaseError, match=r"found other\.json, use_case\.json"):
        load_use_case(tmp_path)


def test_a_file_that_is_not_json_is_refused(tmp_path: Path):
    (tmp_path / "use_case.json").write_text("name: small")
    with pytest.raises(UseCaseError, match="is not JSON"):
        load_use_case(tmp_path)
    with pytest.raises(UseCaseError, match="Cannot read the use case"):
        load_use_case(tmp_path / "missing.json")
