"""Hyperparameters: read from strings as what they are, refused by name when they do not fit."""

from __future__ import annotations

import pytest

from ml.model.estimators import HyperparameterError, make_estimator, settings_of

GOOD = [
    ("HistGradientBoostingRegressor", {"max_iter": "300"}, {"max_iter": 300}),
    ("HistGradientBoostingRegressor", {"learning_rate": "0.1"}, {"learning_rate": 0.1}),
    ("HistGradientBoostingRegressor", {"learning_rate": "1"}, {"learning_rate": 1}),
    ("HistGradientBoostingRegressor", {"early_stopping": "false"}, {"early_stopping": False}),
    ("HistGradientBoostingRegressor", {"early_stopping": "True"}, {"early_stopping": True}),
    ("HistGradientBoostingRegressor", {"early_stopping": "auto"}, {"early_stopping": "auto"}),
    ("HistGradientBoostingRegressor", {"max_leaf_nodes": "null"}, {"max_leaf_nodes": None}),
    ("HistGradientBoostingRegressor", {"max_leaf_nodes": "None"}, {"max_leaf_nodes": None}),
    ("RandomForestRegressor", {"max_features": "sqrt"}, {"max_features": "sqrt"}),
    ("RandomForestRegressor", {"max_features": "0.5"}, {"max_features": 0.5}),
    ("RandomForestRegressor", {"max_features": 3}, {"max_features": 3}),
    ("SVR", {"gamma": "scale", "C": "1e2"}, {"gamma": "scale", "C": 100.0}),
    ("DecisionTreeRegressor", {"max_leaf_nodes": "5"}, {"max_leaf_nodes": 5}),
    ("LinearRegression", {"fit_intercept": "false"}, {"fit_intercept": False}),
]


@pytest.mark.parametrize(("name", "given", "expected"), GOOD)
def test_a_string_becomes_what_the_estimator_takes(name, given, expected):
    found = make_estimator(name, "regression", given, seed=3).get_params()
    for key, value in expected.items():
        assert (found[key], type(found[key])) == (value, type(value))


BAD = [
    ({"max_iter": "abc"}, "max_iter: found 'abc', expected an int in the range [1, inf)"),
    ({"max_iter": "0"}, "max_iter: found '0', expected an int in the range [1, inf)"),
    ({"max_iter": 2.5}, "max_iter: found 2.5, expected an int in the range [1, inf)"),
    ({"max_iter": "true"}, "max_iter: found 'true', expected anything but true or false"),
    ({"max_iter": True}, "max_iter: found True, expected anything but true or false"),
    ({"max_iter": [1]}, "max_iter: found [1], expected an int in the range [1, inf)"),
    ({"max_iter": None}, "max_iter: found None, expected an int in the range [1, inf)"),
    ({"max_iter": ""}, "max_iter: found '', expected an int in the range [1, inf)"),
    ({"learning_rate": "NaN"}, "learning_rate: found 'NaN', expected a float in the range (0"),
    ({"learning_rate": "-1"}, "learning_rate: found '-1', expected a float in the range (0"),
    ({"loss": "hinge"}, "loss: found 'hinge', expected a str among"),
    (
        {"learnin_rate": 1},
        "has no such hyperparameter (did you mean learning_rate?); expected one of",
    ),
    ({"__class__": "x"}, "__class__: HistGradientBoostingRegressor has no such hyperparameter"),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_a_wrong_hyperparameter_is_refused_by_name(given, message):
    with pytest.raises(HyperparameterError) as refusal:
        make_estimator("HistGradientBoostingRegressor", "regression", given, seed=0)
    assert message in str(refusal.value)


def test_all_wrong_hyperparameters_are_refused_at_once():
    given = {"max_iter": "abc", "learnin_rate": 1, "max_depth": 3}
    with pytest.raises(HyperparameterError, match=r"2 hyperparameter\(s\) refused") as refusal:
        make_estimator("HistGradientBoostingRegressor", "regression", given, seed=0)
    assert "max_depth: " not in str(refusal.value)


@pytest.mark.parametrize(
    ("name", "task", "message"),
    [
        (
            "RandomForest",
            "regression",
            "unknown estimator 'RandomForest' (did you mean RandomForest",
        ),
        ("os.system", "regression", "unknown estimator 'os.system'; expected one of Hist"),
        ("SVC", "regression", "estimator for classification, not regression 'SVC'"),
    ],
)
def test_an_unknown_estimator_is_refused(name, task, message):
    with pytest.raises(HyperparameterError) as refusal:
        make_estimator(name, task, {}, seed=0)
    assert message in str(refusal.value)


def test_the_seed_is_the_random_state_unless_one_is_given():
    make = make_estimator
    assert make("RandomForestClassifier", "classification", {}, 5).random_state == 5
    assert (
        make("RandomForestClassifier", "classification", {"random_state": "8"}, 5).random_state == 8
    )


def test_settings_are_complete_and_fit_for_json():
    settings = settings_of(make_estimator("Ridge", "regression", {"alpha": "2"}, seed=1))
    assert settings["alpha"] == 2
    assert settings["random_state"] == 1
    assert all(isinstance(value, (str, int, float, type(None))) for value in settings.values())
