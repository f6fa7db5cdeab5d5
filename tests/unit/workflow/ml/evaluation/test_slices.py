"""Groups of rows: who is in them, and which are named."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from ml.config.use_case import parse_use_case
from ml.evaluation.slices import slices
from ml.model.scoring import Predictions

ROWS = 400


def regression(metric: str = "rmse") -> dict:
    direction = "maximize" if metric == "r2" else "minimize"
    return {
        "name": "prices",
        "description": "Prices.",
        "task": "regression",
        "target": "price",
        "columns": [
            {"name": "size", "type": "number", "maximum_missing_share": 0.5},
            {"name": "rooms", "type": "integer"},
            {"name": "colour", "type": "category", "values": ["red", "green", "blue"]},
            {"name": "words", "type": "text"},
            {"name": "price", "type": "number"},
        ],
        "model": {"estimator": "Ridge"},
        "metric": {"name": metric, "threshold": 1, "direction": direction},
    }


@pytest.fixture
def frame() -> pd.DataFrame:
    size = np.arange(ROWS, dtype=float)
    size[:40] = np.nan
    colours = np.array(["red", "green"] * (ROWS // 2), dtype=object)
    colours[:10] = "blue"
    words = np.array(["x" * (1 + row % 100) for row in range(ROWS)], dtype=object)
    return pd.DataFrame(
        {"size": size, "rooms": np.arange(ROWS) % 3 + 0.0, "colour": colours, "words": words}
    )


def groups_of(result: dict, column: str) -> dict[str, dict]:
    return {group["group"]: group for group in result["groups"] if group["column"] == column}


def predictions(wrong: np.ndarray, by: float = 1.0) -> Predictions:
    actual = np.linspace(0, 10, ROWS)
    return Predictions(actual, actual + np.where(wrong, by, 0.1))


def test_every_row_is_in_one_group_of_each_column(frame):
    result = slices(frame, predictions(np.zeros(ROWS, bool)), parse_use_case(regression()))
    for column, expected in (("size", 6), ("rooms", 3), ("colour", 3), ("words", 5)):
        found = groups_of(result, column)
        assert len(found) == expected, found
        assert sum(group["rows"] for group in found.values()) == ROWS
    assert set(groups_of(result, "rooms")) == {"0", "1", "2"}
    assert groups_of(result, "size")["(empty)"]["rows"] == 40
    assert list(groups_of(result, "size"))[1:3] == ["40 to 111", "112 to 183"]
    assert next(iter(groups_of(result, "words"))) == "1 to 20 characters"


@pytest.mark.parametrize(("rows", "bins"), [(50, 2), (90, 3), (149, 4), (150, 5), (360, 5)])
def test_fewer_rows_have_fewer_bins(frame, rows, bins):
    found = Predictions(np.arange(rows) + 0.0, np.arange(rows) + 0.1)
    few = frame.tail(rows)
    assert len(groups_of(slices(few, found, parse_use_case(regression())), "size")) == bins


def test_the_worst_group_is_named(frame):
    wrong = (frame["colour"] == "green").to_numpy()
    result = slices(frame, predictions(wrong), parse_use_case(regression()))
    worst = result["worst"][0]
    assert (worst["column"], worst["group"], worst["rows"]) == ("colour", "green", 195)
    assert worst["value"] == pytest.approx(1)
    assert worst["worse_by"] == pytest.approx(1 - result["value"])
    assert worst["standard_deviation"] == pytest.approx(0, abs=1e-9)
    assert len(result["worst"]) <= 5
    deficits = [group["worse_by"] for group in result["worst"]]
    assert deficits == sorted(deficits, reverse=True)


def test_a_small_group_is_shown_and_not_ranked(frame):
    wrong = (frame["colour"] == "blue").to_numpy()
    result = slices(frame, predictions(wrong, by=100), parse_use_case(regression()))
    blue = groups_of(result, "colour")["blue"]
    assert (blue["rows"], blue["ranked"]) == (10, False)
    assert blue["worse_by"] > 0
    assert not [group for group in result["worst"] if group["group"] == "blue"]


def test_r2_is_ranked_by_the_error(frame):
    use_case = parse_use_case(regression("r2"))
    result = slices(frame, predictions(np.zeros(ROWS, bool)), use_case)
    assert result["metric"] == "rmse"
    assert result["worst"] == []  # equal everywhere


def test_a_share_that_is_right_is_ranked_from_below(frame):
    document = regression()
    document["task"], document["target"] = "classification", "label"
    document["columns"][4] = {"name": "label", "type": "category", "values": ["no", "yes"]}
    document["model"] = {"estimator": "LogisticRegression"}
    document["metric"] = {"name": "accuracy", "threshold": 0.5, "direction": "maximize"}
    wrong = (frame["rooms"] == 2).to_numpy()
    actual = np.arange(ROWS) % 2
    found = Predictions(actual, np.where(wrong, 1 - actual, actual), ("no", "yes"))
    result = slices(frame, found, parse_use_case(document))
    worst = result["worst"][0]
    assert (worst["column"], worst["group"], worst["value"]) == ("rooms", "2", 0)
    assert worst["worse_by"] == result["value"] == pytest.approx(267 / 400)
