"""The split: repeatable, of the right size, stratified, and never with one row on both sides."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.config.use_case import parse_use_case
from ml.data.frames import make_frame
from ml.data.split import as_texts, held_out_rows, label_codes, repeated_rows, row_hashes
from ml.errors import JobError

COLUMNS = [{"name": "x", "type": "number"}, {"name": "z", "type": "number"}]


def use_case(task="regression", share=0.3, seed=1):
    if task == "regression":
        target, estimator, metric = {"name": "y", "type": "number"}, "Ridge", "r2"
    else:
        target = {"name": "y", "type": "category", "values": ["a", "b", "c"]}
        estimator, metric = "SVC", "accuracy"
    return parse_use_case(
        {
            "name": "split",
            "description": "Of the tests.",
            "task": task,
            "target": "y",
            "columns": [*COLUMNS, target],
            "split": {"test_share": share, "seed": seed},
            "model": {"estimator": estimator},
            "metric": {"name": metric, "threshold": 0, "direction": "maximize"},
        }
    )


def frame_of(rows: int, labels: bool = False, start: int = 0):
    random = np.random.default_rng(start)
    numbers = random.normal(size=(rows, 2))
    target = (
        random.choice(["a", "b", "c"], size=rows, p=[0.7, 0.2, 0.1]) if labels else numbers.sum(1)
    )
    y = np.array(target, dtype=object) if labels else target
    return make_frame({"x": numbers[:, 0], "z": numbers[:, 1], "y": y})


def held_out(frame, use_case):
    """Of a frame what preprocess makes of the rows of its files."""
    hashes = row_hashes(frame[use_case.feature_names], use_case.split.seed)
    labels = None
    if use_case.task == "classification":
        labels = label_codes(as_texts(frame[use_case.target]), use_case)
    return held_out_rows(hashes, labels, repeated_rows(hashes), use_case)


@pytest.mark.parametrize("share", [0.05, 0.2, 0.33, 0.5])
def test_the_share_is_met_exactly_when_rows_differ(share):
    assert held_out(frame_of(1000), use_case(share=share)).sum() == round(1000 * share)


def test_the_same_seed_gives_the_same_rows_in_any_order():
    frame = frame_of(500)
    test = held_out(frame, use_case())
    assert (held_out(frame, use_case()) == test).all()
    order = np.random.default_rng(5).permutation(500)
    assert (held_out(frame.iloc[order], use_case()) == test[order]).all()


def test_another_seed_gives_other_rows():
    frame = frame_of(500)
    same = (held_out(frame, use_case(seed=1)) == held_out(frame, use_case(seed=2))).mean()
    assert 0.4 < same < 0.75  # two independent choices of 30 % agree on 58 %


def test_labels_keep_their_shares():
    frame = frame_of(1000, labels=True)
    test = held_out(frame, use_case("classification"))
    for label in ("a", "b", "c"):
        rows = (frame["y"] == label).to_numpy()
        assert test[rows].sum() == round(rows.sum() * 0.3)


@settings(max_examples=30, deadline=None)
@given(st.lists(st.integers(0, 12), min_size=30, max_size=120), st.booleans())
def test_equal_features_are_never_on_both_sides(values, labels):
    x = np.array(values, dtype=float)
    y = (
        np.array([("a", "b", "c")[n % 3] for n in range(len(x))], dtype=object)
        if labels
        else x.copy()
    )
    frame = make_frame({"x": x, "z": np.zeros(len(x)), "y": y})
    try:
        test = held_out(frame, use_case("classification" if labels else "regression"))
    except JobError as error:
        assert "too many rows have the same features" in str(error)
        return
    assert not set(x[test]) & set(x[~test])


def test_rows_that_cannot_be_split_are_refused():
    frame = make_frame({"x": np.zeros(50), "z": np.zeros(50), "y": np.arange(50.0)})
    with pytest.raises(JobError, match="too many rows have the same features"):
        held_out(frame, use_case())


@pytest.mark.parametrize("values", [3, 500, 10**9])
def test_repeated_rows_are_all_rows_whose_hash_is_there_twice(values):
    drawn = np.random.default_rng(values).integers(0, values, 1000).astype(float)
    hashes = row_hashes(make_frame({"x": drawn}), seed=1)
    _, place, counts = np.unique(drawn, return_inverse=True, return_counts=True)
    assert repeated_rows(hashes).tolist() == np.flatnonzero(counts[place] > 1).tolist()


def test_hashes_do_not_depend_on_library_or_machine():
    """Fixed values: a change here moves rows between train and test of every user's data."""
    x, z = np.array([0.0, -0.0, np.nan, 1.5]), np.array(["a", "a", "", "é"], dtype=object)
    hashes = row_hashes(make_frame({"x": x, "z": z}), seed=42)
    assert hashes[0] == hashes[1]
    assert [f"{value:016x}" for value in hashes.tolist()] == HASHES


HASHES = ["1df0dcc0e0642d46", "1df0dcc0e0642d46", "df9ff347b3a60c64", "525baf7dfeb66a7b"]
