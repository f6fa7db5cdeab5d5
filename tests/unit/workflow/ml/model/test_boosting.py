"""XGBoost by name: checked hyperparameters, labels that are texts, and a clear word where it is missing."""

from __future__ import annotations

import io
import sys
from pathlib import Path

import joblib
import numpy as np
import pytest

from ml.model.estimators import HyperparameterError, make_estimator, settings_of
from tests.unit.workflow.conftest import sample_data, shipped_document

MADE = [
    ({"n_estimators": "20", "learning_rate": "0.3"}, {"n_estimators": 20, "learning_rate": 0.3}),
    ({"max_depth": "null", "tree_method": "hist"}, {"max_depth": None, "tree_method": "hist"}),
    ({"subsample": 1, "n_jobs": "2"}, {"subsample": 1, "n_jobs": 2}),
    ({"objective": "reg:absoluteerror"}, {"objective": "reg:absoluteerror"}),
]
REFUSED = [
    ({"n_estimators": "0"}, "n_estimators: found '0', expected an int in the range [1, inf)"),
    ({"n_estimators": "many"}, "n_estimators: found 'many', expected an int in the range"),
    ({"n_estimators": True}, "n_estimators: found True, expected anything but true or false"),
    ({"n_estimators": "2.5"}, "n_estimators: found '2.5', expected an int"),
    ({"learning_rate": "1.5"}, "learning_rate: found '1.5', expected a float in the range (0"),
    ({"learning_rate": "NaN"}, "learning_rate: found 'NaN', expected a float"),
    ({"learning_rate": float("nan")}, "learning_rate: found nan, expected a float"),
    ({"gamma": -1}, "gamma: found -1, expected a float in the range [0"),
    ({"booster": "gblinear"}, "booster: found 'gblinear', expected a str among {'"),
    ({"eta": 0.1}, "eta: XGBRegressor has no such hyperparameter; expected one of n_estimators"),
    ({"max_dept": 3}, "has no such hyperparameter (did you mean max_depth?)"),
    ({"device": "cuda"}, "device: XGBRegressor has no such hyperparameter"),
    ({"scale_pos_weight": 2}, "scale_pos_weight: XGBRegressor has no such hyperparameter"),
]


@pytest.fixture
def needs_xgboost() -> None:
    pytest.importorskip("xgboost")


@pytest.mark.usefixtures("needs_xgboost")
class TestHyperparameters:
    @pytest.mark.parametrize(("given", "expected"), MADE)
    def test_a_string_becomes_what_the_estimator_takes(self, given, expected):
        found = make_estimator("XGBRegressor", "regression", given, seed=3).get_params()
        for key, value in expected.items():
            assert (found[key], type(found[key])) == (value, type(value))
        assert found["random_state"] == 3

    @pytest.mark.parametrize(("given", "message"), REFUSED)
    def test_a_wrong_one_is_refused_by_name(self, given, message):
        with pytest.raises(HyperparameterError) as refusal:
            make_estimator("XGBRegressor", "regression", given, seed=0)
        assert message in str(refusal.value)

    def test_every_one_that_is_listed_exists(self):
        from ml.model.boosting import XGBClassifier, XGBRegressor, constraints_of

        for estimator_class in (XGBClassifier, XGBRegressor):
            assert set(constraints_of(estimator_class)) <= set(estimator_class().get_params())

    def test_settings_are_fit_for_json(self):
        settings = settings_of(make_estimator("XGBClassifier", "classification", {}, seed=1))
        assert settings["missing"] == "nan"  # JSON has no NaN
        assert settings["random_state"] == 1


@pytest.mark.usefixtures("needs_xgboost")
def test_labels_are_texts_and_survive_the_model_file():
    random = np.random.default_rng(0)
    features = random.normal(size=(90, 3))
    labels = np.array(["low", "high", "mid"])[np.digitize(features[:, 0], [-0.4, 0.4])]
    model = make_estimator("XGBClassifier", "classification", {"n_estimators": 20}, seed=1)
    model.fit(features, labels)
    assert model.classes_.tolist() == ["high", "low", "mid"]
    assert (model.predict(features) == labels).mean() > 0.95
    chosen = model.classes_[model.predict_proba(features).argmax(axis=1)]
    assert (chosen == model.predict(features)).all()
    file = io.BytesIO()
    joblib.dump(model, file)
    again = joblib.load(io.BytesIO(file.getvalue()))
    assert (again.predict(features) == model.predict(features)).all()


@pytest.mark.usefixtures("needs_xgboost")
@pytest.mark.parametrize("name", ["iris", "housing"])
def test_a_use_case_trains_with_it_from_end_to_end(new_run, tmp_path: Path, name: str):
    document = shipped_document(name)
    kind = "XGBClassifier" if name == "iris" else "XGBRegressor"
    document["model"] = {"estimator": kind, "hyperparameters": {"n_estimators": 150}, "seed": 4}
    run = new_run(document)
    run.preprocess(sample_data(tmp_path, name))
    run.train()
    run.evaluate()
    gate = run.json("evaluation/evaluation.json")["gate"]
    assert gate["value"] >= gate["threshold"]
    before = run.json("model/model.json")
    assert before["hyperparameters"]["n_estimators"] == 150
    run.train()
    assert run.json("model/model.json")["model_file"] == before["model_file"]
    run.train("--n_estimators", "3")
    after = run.json("model/model.json")
    assert after["metrics"] != before["metrics"]
    assert after["model_file"]["sha256"] != before["model_file"]["sha256"]


def test_without_the_library_the_next_step_is_named(monkeypatch):
    monkeypatch.setitem(sys.modules, "xgboost", None)
    monkeypatch.delitem(sys.modules, "ml.model.boosting", raising=False)
    with pytest.raises(HyperparameterError) as refusal:
        make_estimator("XGBRegressor", "regression", {}, seed=0)
    message = str(refusal.value)
    assert "XGBRegressor needs the library xgboost, which is not installed here" in message
    assert "set ImageTag in config/manifest.json" in message
    assert "or choose one of HistGradientBoostingRegressor, " in message
    assert "XGB" not in message.partition("choose one of")[2]
