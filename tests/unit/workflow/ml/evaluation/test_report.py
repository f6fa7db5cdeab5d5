"""What the report says beyond its charts."""

from __future__ import annotations

import json
import re
import shutil
from pathlib import Path

import numpy as np
import pytest

from ml.evaluation import charts
from ml.evaluation.importance import SHOWN_WORDS, Importance, word_weights
from ml.evaluation.report_plots import plots
from ml.model.artifact import load_model
from ml.model.metrics import class_metrics
from ml.model.scoring import Predictions
from tests.unit.workflow.conftest import Run


@pytest.fixture
def words_run(new_run, write_data, small_document) -> Run:
    """Sentences in which one word decides."""
    small_document["columns"][2] = {"name": "text", "type": "text", "maximum_length": 200}
    rows = ["size,count,text,label"]
    for number in range(120):
        word = "lovely" if number % 2 else "dreadful"
        label = "yes" if number % 2 else "no"
        rows.append(f"{number / 100},{number},a {word} thing number{number},{label}")
    run = new_run(small_document)
    run.preprocess(write_data("\n".join(rows) + "\n"))
    run.train()
    run.evaluate()
    return run


def test_the_words_that_count_are_named(words_run: Run):
    model = load_model(words_run.model)
    found = word_weights(model.pipeline, model.use_case)
    assert found is not None
    weights = dict(zip(found.names, found.values, strict=True))
    assert weights["lovely"] == max(weights.values())
    assert weights["dreadful"] == min(weights.values())
    assert len(weights) <= 2 * SHOWN_WORDS
    report = (words_run.evaluation / "report.html").read_text()
    assert "The words that speak most for label yes" in report


@pytest.mark.parametrize("run", ["iris_run", "housing_run"])
def test_other_models_have_no_words(request, run):
    model = load_model(request.getfixturevalue(run).model)
    assert word_weights(model.pipeline, model.use_case) is None


def with_card(run: Run, folder: Path, **changes: object) -> str:
    """The report of a model whose card has more in it."""
    shutil.copytree(run.root, folder)
    copy = Run(folder, run.use_case)
    card = copy.json("model/model.json") | changes
    (copy.model / "model.json").write_text(json.dumps(card))
    copy.evaluate()
    return (copy.evaluation / "report.html").read_text()


def test_trials_are_listed(iris_run: Run, tmp_path: Path):
    trials = [
        {"number": 1, "hyperparameters": {"C": 1}, "value": 0.95, "standard_deviation": 0.01},
        {"number": 2, "hyperparameters": {"C": 2, "tol": 0.1}, "value": 0.97},
        {"number": 3, "hyperparameters": {"C": -1}, "value": None, "refused": "C: found <b>"},
    ]
    search = {"metric": "accuracy", "folds": 4, "best": 2, "trials": trials}
    report = with_card(iris_run, tmp_path / "run", search=search)
    assert (
        "3 settings, each measured by cross-validation in 4 parts of the training rows." in report
    )
    assert (
        "<td>2 (chosen)</td><td class=n>2</td><td class=n>0.1</td><td class=n>0.9700</td>" in report
    )
    assert "C: found &lt;b&gt;" in report


def test_a_cross_validation_is_shown(iris_run: Run, tmp_path: Path):
    found = {"metric": "accuracy", "folds": 2, "scores": [0.5, 0.25], "value": 0.375}
    report = with_card(
        iris_run, tmp_path / "run", cross_validation={**found, "standard_deviation": 0.125}
    )
    assert "accuracy 0.38 ± 0.12 in 2 parts of the training rows: 0.50, 0.25." in report


def test_every_group_is_in_the_report(housing_run: Run):
    groups = housing_run.json("evaluation/evaluation.json")["slices"]
    assert len(groups["worst"]) == 5
    assert {group["column"] for group in groups["groups"]} == set(
        housing_run.use_case.feature_names
    )
    report = (housing_run.evaluation / "report.html").read_text()
    assert f"All {len(groups['groups'])} groups" in report
    worst = groups["worst"][0]
    assert f"{worst['column']}: {worst['group']}" in re.sub("<[^>]*>", " ", report)


def test_the_report_says_how_many_training_rows_were_measured(iris_run: Run, tmp_path: Path):
    assert "<th class=n>training rows</th>" in (iris_run.evaluation / "report.html").read_text()
    metrics = iris_run.json("model/model.json")["metrics"]
    report = with_card(iris_run, tmp_path / "run", metrics={**metrics, "train_rows": 50})
    assert "<th class=n>50 training rows</th>" in report


def test_confidence_is_that_of_the_predicted_label(small, monkeypatch):
    """An SVC predicts without looking at the probabilities it was calibrated to, and may contradict them."""
    seen = []
    monkeypatch.setattr(charts, "calibration", lambda *given: seen.append(given) or "<svg/>")
    predictions = Predictions(
        np.array([0, 1]), np.array([0, 0]), ("no", "yes"), np.array([[0.9, 0.1], [0.4, 0.6]])
    )
    list(plots(small, predictions, Importance(["size"], [0.5], [0.1]), None))
    [(confidence, right)] = seen
    assert confidence.tolist() == [0.9, 0.4]
    assert right.tolist() == [True, False]


def test_a_label_without_rows_has_no_recall():
    entries = class_metrics(np.array([[3, 1, 0], [0, 0, 0], [1, 0, 0]]), ["a", "b", "c"])
    assert [entry["recall"] for entry in entries] == [0.75, None, 0.0]
    assert [entry["precision"] for entry in entries] == [0.75, 0.0, None]


def test_a_constant_answer_is_the_baseline(iris_run: Run):
    report = (iris_run.evaluation / "report.html").read_text()
    assert "Always answering setosa would be right in 33.3% of the rows." in report


def test_the_unit_of_the_target_is_named(housing_run: Run):
    report = (housing_run.evaluation / "report.html").read_text()
    assert "in the unit of medianHouseValue (dollars / 500,000)." in report
