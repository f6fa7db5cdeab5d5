"""Changing one hyperparameter changes the model, on each of the ways one can take to the estimator."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest

from create_schema.use_case import job_hyperparameters, parse_overrides, with_overrides
from tests.unit.workflow.conftest import Run, sample_data, shipped_document

REVIEWS = shipped_document("reviews")
del REVIEWS["search"]  # a searched hyperparameter has no value of its own
CASES = {
    "iris": (shipped_document("iris"), "C", 0.01),
    "housing": (shipped_document("housing"), "max_iter", 20),
    "reviews": (REVIEWS, "C", 0.01),
    "reviews, of its texts": (REVIEWS, "text__ngram_range", [2, 2]),
}


def train_as_in_a_run(
    new_run: Any, data: Path, document: dict[str, Any], manifest: str = ""
) -> dict[str, Any]:
    """What the create_schema function makes of use case and manifest, and SageMaker of that."""
    effective = with_overrides(document, parse_overrides(manifest), None)
    run: Run = new_run(effective)
    strings = job_hyperparameters(effective["model"]["hyperparameters"])
    assert all(isinstance(value, str) for value in strings.values())
    script_mode = {"sagemaker_program": "train.py", "sagemaker_region": "eu-west-1"}
    (run.root / "hyperparameters.json").write_text(json.dumps({**strings, **script_mode}))
    run.preprocess(data)
    run.train()
    return run.json("model/model.json")


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request, new_run, tmp_path: Path):
    document, name, value = request.param
    data = sample_data(tmp_path, document["name"])
    return document, name, value, data, train_as_in_a_run(new_run, data, document)


def changed(before: dict[str, Any], after: dict[str, Any], name: str, value: Any) -> None:
    assert before["hyperparameters"][name] != value
    assert after["hyperparameters"] == {**before["hyperparameters"], name: value}
    assert after["lineage"]["hyperparameters"][name] == value
    assert after["model_file"]["sha256"] != before["model_file"]["sha256"]
    assert after["metrics"] != before["metrics"]


def test_in_the_use_case(new_run, case):
    document, name, value, data, before = case
    document = copy.deepcopy(document)
    document["model"]["hyperparameters"][name] = value
    changed(before, train_as_in_a_run(new_run, data, document), name, value)


def test_in_the_manifest(new_run, case):
    document, name, value, data, before = case
    manifest = json.dumps({name: value})  # TrainingHyperParameters: an object as a string
    changed(before, train_as_in_a_run(new_run, data, document, manifest), name, value)
    # Written as a string, as people do, it is the same.
    again = json.dumps({name: json.dumps(value)})
    changed(before, train_as_in_a_run(new_run, data, document, again), name, value)


def test_in_neither_nothing_changes(new_run, case):
    document, _, _, data, before = case
    assert train_as_in_a_run(new_run, data, document)["model_file"] == before["model_file"]
