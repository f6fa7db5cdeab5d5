"""The files between the jobs: read back bit by bit."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from ml.errors import JobError
from ml.frames import make_frame, read_frame, write_frame
from ml.use_case import parse_use_case

numbers = st.floats(allow_infinity=False, width=64)
texts = st.sampled_from(["red", "NA", "null", "", "a,b", 'say "x"', "two\nlines", "é", "1.0"])
rows = st.lists(st.tuples(numbers, numbers, texts), min_size=1, max_size=20)


@pytest.fixture(scope="module")
def use_case():
    return parse_use_case(
        {
            "name": "frames",
            "description": "Of the tests.",
            "task": "classification",
            "target": "t",
            "columns": [
                {"name": "a", "type": "number"},
                {"name": "b", "type": "number"},
                {"name": "t", "type": "category", "values": ["red", "NA"]},
            ],
            "model": {"estimator": "SVC"},
            "metric": {"name": "accuracy", "threshold": 0, "direction": "maximize"},
        }
    )


@settings(max_examples=50, deadline=None)
@given(rows)
def test_what_is_written_is_read_back(use_case, tmp_path_factory, rows):
    path = tmp_path_factory.getbasetemp() / "frame.csv"
    a, b, t = (
        np.array(values, dtype=kind)
        for values, kind in zip(zip(*rows, strict=True), (float, float, object), strict=True)
    )
    write_frame(make_frame({"a": a, "b": b, "t": t}), path)
    frame = read_frame(path, use_case)
    assert frame["a"].to_numpy().tobytes() == np.where(np.isnan(a), np.nan, a).tobytes()
    assert frame["b"].to_numpy().tobytes() == np.where(np.isnan(b), np.nan, b).tobytes()
    assert frame["t"].tolist() == t.tolist()


def test_a_missing_file_and_other_columns_are_refused(use_case, tmp_path):
    with pytest.raises(JobError, match="the preprocess job writes it"):
        read_frame(tmp_path / "train.csv", use_case)
    (tmp_path / "train.csv").write_text("a,t,b\n1,red,2\n")
    with pytest.raises(
        JobError, match="has the columns a, t, b; the use case frames expects a, b, t"
    ):
        read_frame(tmp_path / "train.csv", use_case)
