"""What serves a model is compared with what was evaluated, on rows that the training has not seen."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path
from typing import Any

import pytest

from ml.errors import JobError
from ml.export.serving_check import check_serving
from ml.model.artifact import load_model
from ml.model.model_files import ModelRefusedError
from tests.unit.workflow.serving.small_models import make_frame, make_model


@pytest.fixture
def made(tmp_path: Path) -> Any:
    use_case = make_model(tmp_path, "HistGradientBoostingRegressor")
    return tmp_path, use_case, make_frame(use_case, 200, seed=9)


def change_serving(folder: Path, **changes: Any) -> None:
    card = json.loads((folder / "model.json").read_text())
    card["serving"] |= changes
    (folder / "model.json").write_text(json.dumps(card))


def test_equal_predictions(made: Any) -> None:
    folder, use_case, frame = made
    found = check_serving(folder, load_model(folder), frame, use_case)
    assert found["runtime"] == "onnxruntime"
    assert found["reason"] == "equal to scikit-learn on 200 held-out rows"
    assert 0 <= found["maximum_difference"] < 1e-12


def test_the_files_may_be_packed(made: Any) -> None:
    folder, use_case, frame = made
    files = [path for path in folder.iterdir() if path.is_file()]
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        for path in files:
            tar.add(path, path.name)
            path.unlink()
    assert check_serving(folder, load_model(folder), frame, use_case)["rows"] == 200


def test_another_prediction_ends_the_evaluation(made: Any) -> None:
    folder, use_case, frame = made
    model = load_model(folder)
    model.pipeline[-1]._baseline_prediction = model.pipeline[-1]._baseline_prediction + 0.001
    with pytest.raises(JobError, match=r"model\.onnx does not predict what the evaluated Pipeline"):
        check_serving(folder, model, frame, use_case)


def test_another_file_is_refused(made: Any) -> None:
    folder, use_case, frame = made
    (folder / "model.tables.npz").write_bytes(b"another")
    with pytest.raises(ModelRefusedError, match=r"model\.tables\.npz is not the file that train"):
        check_serving(folder, load_model(folder), frame, use_case)


def test_scikit_learn_needs_no_comparison(made: Any) -> None:
    folder, use_case, frame = made
    change_serving(folder, runtime="scikit-learn", reason="texts are not translated: text")
    expected = {"runtime": "scikit-learn", "reason": "texts are not translated: text"}
    assert check_serving(folder, load_model(folder), frame, use_case) == expected
