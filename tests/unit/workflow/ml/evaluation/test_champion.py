"""The model in production beside the new one: measured on the same rows, or told why not."""

from __future__ import annotations

import copy
import json
import re
import shutil
import tarfile
from pathlib import Path

import joblib
import pytest

from ml.errors import JobError
from ml.hashes import file_sha256
from tests.unit.workflow.conftest import Run, sample_data, shipped_document

ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/ml-core-development-iris/3"


@pytest.fixture
def run(iris_run: Run, tmp_path: Path) -> Run:
    shutil.copytree(iris_run.root, tmp_path / "run")
    return Run(tmp_path / "run", iris_run.use_case)


def pack(model: Path, folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    with tarfile.open(folder / "model.tar.gz", "w:gz") as tar:
        tar.add(model, arcname=".")
    return folder


@pytest.fixture
def worse(run: Run, tmp_path: Path) -> Path:
    """A champion that has hardly learned anything."""
    run.train("--C", "0.00001", model=tmp_path / "worse")
    return pack(tmp_path / "worse", tmp_path / "champion")


def registered(folder: Path) -> list[str]:
    sha256 = file_sha256(folder / "model.tar.gz")
    return ["--champion", str(folder), "--champion-package", ARN, "--champion-sha256", sha256]


def evaluate(run: Run, *flags: object) -> tuple[dict, dict]:
    run.evaluate(*map(str, flags))
    evaluation = run.json("evaluation/evaluation.json")
    return evaluation["champion"], evaluation["gate"]


def report(run: Run) -> str:
    return (run.evaluation / "report.html").read_text()


def test_a_worse_champion_is_beaten(run: Run, worse: Path):
    champion, gate = evaluate(run, *registered(worse), "--max-regression", 0)
    assert (champion["status"], champion["model_package"]) == ("compared", ARN)
    assert champion["sha256"] == file_sha256(worse / "model.tar.gz")
    assert champion["rows"] == 48
    assert champion["challenger"] == gate["value"] > champion["value"] == gate["champion_value"]
    assert champion["difference"] == champion["challenger"] - champion["value"]
    assert champion["regression"] == gate["regression"] == -champion["difference"]
    low, high = champion["interval"]["low"], champion["interval"]["high"]
    assert 0 < low < champion["difference"] < high < 1
    assert champion["metrics"]["accuracy"] == champion["value"]
    assert gate["champion_compared"] is True
    assert gate["max_regression"] == 0
    text = report(run)
    assert re.search("Passed: accuracy is 0.\\d+ better than that of the model in production", text)
    assert "the gate allows it to be worse by 0<" in text
    assert "Against the model in production: accuracy +0." in text
    assert "better by more than chance" in text
    assert "more than chance" in text
    assert ARN in text
    assert "in production, held-out rows" in text


def test_a_better_champion_closes_the_gate(run: Run, iris_run: Run, tmp_path: Path, capsys):
    champion_folder = pack(iris_run.model, tmp_path / "champion")
    run.train("--C", "0.00001")
    champion, gate = evaluate(
        run, *registered(champion_folder), "--threshold", 0.1, "--max-regression", 0.02
    )
    assert gate["regression"] == champion["regression"] > 0.02
    assert champion["interval"]["high"] < 0
    text = report(run)
    assert re.search("Passed: .* the gate asks for at least 0.1<", text)
    assert re.search("Not passed: .* worse than that of the model in production .0.9792.", text)
    assert "the gate allows it to be worse by 0.02<" in text
    assert "NOT passed" in capsys.readouterr().out


def test_a_metric_to_minimize_has_its_regression_upside_down(new_run, tmp_path: Path):
    document = shipped_document("housing")
    document["metric"] = {"name": "rmse", "threshold": 0.5, "direction": "minimize"}
    document["champion"] = {"max_regression": 0.001}
    run = new_run(document)
    run.preprocess(sample_data(tmp_path, "housing"))
    run.train("--max_iter", "40")
    folder = pack(run.model, tmp_path / "champion")
    run.train("--max_iter", "10")
    champion, gate = evaluate(run, *registered(folder))
    assert gate["max_regression"] == 0.001
    assert champion["challenger"] > champion["value"]
    assert gate["regression"] == champion["difference"] > 0
    assert champion["interval"]["low"] > 0
    assert "Not passed: " in report(run)


def test_the_same_model_differs_by_nothing(run: Run, iris_run: Run, tmp_path: Path):
    champion, _ = evaluate(run, *registered(pack(iris_run.model, tmp_path / "champion")))
    assert (champion["difference"], champion["regression"]) == (0, 0)
    assert (champion["interval"]["low"], champion["interval"]["high"]) == (0, 0)
    assert champion["same_training_rows"] is True
    assert "the same rows as the new model" in report(run)
    assert "asks for nothing here" in report(run)


def test_a_champion_of_other_data_is_told_so(run: Run, new_run, tmp_path: Path):
    data = sample_data(tmp_path, "iris")
    lines = (data / "iris.csv").read_text().splitlines(keepends=True)
    (data / "iris.csv").write_text("".join(lines[:121]))
    older = new_run(shipped_document("iris"))
    older.preprocess(data)
    older.train()
    champion, _ = evaluate(run, *registered(pack(older.model, tmp_path / "champion")))
    assert champion["same_training_rows"] is False
    assert champion["dataset_sha256"] == file_sha256(data / "iris.csv")
    assert "it may have seen some of these rows" in report(run)


def test_no_champion_yet(run: Run, tmp_path: Path):
    folder = tmp_path / "champion"
    folder.mkdir()
    (folder / "none.json").write_text(json.dumps({"reason": "no version has been approved yet"}))
    champion, gate = evaluate(run, "--champion", folder, "--max-regression", 0)
    assert champion == {
        "status": "none",
        "model_package": "",
        "reason": "no version has been approved yet",
    }
    assert (gate["champion_compared"], gate["regression"]) == (False, None)
    assert "None to compare with: no version has been approved yet." in report(run)
    champion, _ = evaluate(run, "--champion", folder, "--champion-package", ARN)
    assert champion["status"] == "not compared"


def not_compared(run: Run, *flags: object) -> str:
    champion, gate = evaluate(run, *flags, "--max-regression", 0)
    assert champion["status"] == "not compared"
    assert gate["champion_compared"] is False
    assert "<b>not compared</b>" in report(run)
    return champion["reason"]


def test_a_champion_without_a_recorded_hash_is_not_loaded(run: Run, worse: Path):
    reason = not_compared(run, "--champion", worse, "--champion-package", ARN)
    assert "a model is not loaded without one" in reason


class RunsCode:
    def __init__(self, path: str) -> None:
        self.path = path

    def __reduce__(self):
        import os

        return os.mkdir, (self.path,)


def test_a_replaced_champion_is_not_loaded(run: Run, worse: Path, tmp_path: Path):
    """The archive is consistent in itself: only the hash in the registry can tell."""
    flags = registered(worse)
    model = tmp_path / "worse"
    joblib.dump(RunsCode(str(tmp_path / "was here")), model / "model.joblib")
    card = json.loads((model / "model.json").read_text())
    card["model_file"]["sha256"] = file_sha256(model / "model.joblib")
    (model / "model.json").write_text(json.dumps(card))
    pack(model, worse)
    reason = not_compared(run, *flags)
    assert "model.tar.gz is not the one that was registered: found " in reason
    assert not (tmp_path / "was here").exists()
    # Without the registry's hash it would have been run.
    not_compared(run, "--champion", worse)
    assert (tmp_path / "was here").exists()


def test_a_broken_champion_is_reported(run: Run, worse: Path):
    (worse / "model.tar.gz").write_bytes(b"not an archive")
    assert "cannot be read" in not_compared(run, *registered(worse))


def trained_otherwise(new_run, write_data, small_document, small_rows, change) -> tuple[Run, Path]:
    """The small use case, and a champion of the use case before `change`."""
    data = write_data("".join(",".join(row) + "\n" for row in small_rows))
    older = new_run(copy.deepcopy(small_document))
    older.preprocess(data)
    older.train()
    change(small_document, small_rows)
    newer = new_run(small_document)
    newer.preprocess(write_data("".join(",".join(row) + "\n" for row in small_rows)))
    newer.train()
    return newer, pack(older.model, older.root / "champion")


def rename(document, rows):
    document["columns"][0]["name"] = rows[0][0] = "weight"


def recast(document, rows):
    document["columns"][1] = {"name": "count", "type": "number", "minimum": 0}


def new_value(document, rows):
    document["columns"][2]["values"] = ["red", "green", "blue"]


def empty_cells(document, rows):
    document["columns"][0]["maximum_missing_share"] = 0.5


def other_label(document, rows):
    document["columns"][3]["values"] = ["no", "maybe"]
    for row in rows[1:]:
        row[3] = row[3].replace("yes", "maybe")


def other_target(document, rows):
    document["target"] = "colour"


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        (rename, "size: not a feature any more"),
        (recast, "count: it takes a integer, the data has a number"),
        (new_value, "colour: it does not know blue"),
        (empty_cells, "size: it takes no empty cells"),
        (other_label, "label: it knows no, yes"),
        (other_target, "it is a classification of label, the new model a classification of colour"),
    ],
)
def test_a_champion_of_another_use_case_is_reported(
    new_run, write_data, small_document, small_rows, change, expected
):
    run, folder = trained_otherwise(new_run, write_data, small_document, small_rows, change)
    assert expected in not_compared(run, *registered(folder))


def test_a_new_feature_is_no_obstacle(new_run, write_data, small_document, small_rows):
    """The champion takes the features it knows."""

    def add(document, rows):
        document["columns"].insert(0, {"name": "height", "type": "number"})
        for number, row in enumerate(rows):
            row.insert(0, "height" if not number else str(number))

    run, folder = trained_otherwise(new_run, write_data, small_document, small_rows, add)
    champion, _ = evaluate(run, *registered(folder))
    assert champion["status"] == "compared"


def test_labels_in_another_order_are_the_same_labels(
    new_run, write_data, small_document, small_rows
):
    def turn(document, rows):
        document["columns"][3]["values"] = ["yes", "no"]

    run, folder = trained_otherwise(new_run, write_data, small_document, small_rows, turn)
    champion, gate = evaluate(run, *registered(folder))
    assert champion["value"] == gate["value"]


def test_an_error_inside_the_champion_is_reported(run: Run, worse: Path, monkeypatch):
    def fails(*_: object) -> None:
        raise AttributeError("'LogisticRegression' object has no attribute 'multi_class'")

    monkeypatch.setattr("ml.evaluation.champion._predict", fails)
    reason = not_compared(run, *registered(worse))
    assert reason.startswith("it cannot be used here: AttributeError: 'LogisticRegression' object")


def test_by_hand_it_needs_no_registry(run: Run, iris_run: Run):
    champion, _ = evaluate(run, "--champion", iris_run.model)
    assert champion["status"] == "compared"
    assert "given by hand" in report(run)


def test_the_model_itself_is_still_required(run: Run, tmp_path: Path):
    with pytest.raises(JobError, match="holds no model"):
        run.evaluate(model=tmp_path / "nothing")
