"""Text columns: their hyperparameters, and that they become features of the one pipeline."""

from __future__ import annotations

import copy

import numpy as np
import pytest
from sklearn.feature_extraction.text import TfidfVectorizer

from ml.config.use_case import parse_use_case
from ml.data.frames import make_frame
from ml.model.estimators import ESTIMATORS, HyperparameterError
from ml.model.features import fit, make_pipeline, pipeline_settings

DOCUMENT = {
    "name": "texts",
    "description": "Two texts, a number and a category.",
    "task": "classification",
    "target": "label",
    "columns": [
        {"name": "title", "type": "text", "maximum_missing_share": 0.5},
        {"name": "body", "type": "text", "minimum_length": 2, "maximum_length": 500},
        {"name": "stars", "type": "number"},
        {"name": "kind", "type": "category", "values": ["a", "b"]},
        {"name": "label", "type": "category", "values": ["no", "yes"]},
    ],
    "model": {"estimator": "LogisticRegression", "seed": 1},
    "metric": {"name": "accuracy", "threshold": 0.5, "direction": "maximize"},
}


def use_case_of(estimator: str = "LogisticRegression", **hyperparameters):
    document = copy.deepcopy(DOCUMENT)
    document["model"] |= {"estimator": estimator, "hyperparameters": hyperparameters}
    return parse_use_case(document)


@pytest.fixture
def frame():
    yes = np.arange(24) % 2 == 0
    return make_frame(
        {
            "title": np.array(["", "good, really", "", "bad"] * 6, dtype=object),
            "body": np.array(
                [
                    f'what a "{"great" if good else "poor"}"\nfilm, née {number}'
                    for number, good in enumerate(yes)
                ],
                dtype=object,
            ),
            "stars": np.arange(24, dtype=float) % 5,
            "kind": np.array(["a", "b", "b"] * 8, dtype=object),
            "label": np.array(["yes" if good else "no" for good in yes], dtype=object),
        }
    )


GOOD = [
    ({"ngram_range": "[1, 2]"}, {"ngram_range": (1, 2)}),  # as it comes from SageMaker
    ({"ngram_range": [2, 3]}, {"ngram_range": (2, 3)}),
    ({"min_df": "2", "max_df": 0.5}, {"min_df": 2, "max_df": 0.5}),
    ({"sublinear_tf": "true"}, {"sublinear_tf": True}),
    ({"max_features": "null"}, {"max_features": None}),
    ({"analyzer": "char_wb"}, {"analyzer": "char_wb"}),
    ({"stop_words": '["the", "a"]'}, {"stop_words": ["the", "a"]}),
    ({"token_pattern": r"\w+"}, {"token_pattern": r"\w+"}),
]


@pytest.mark.parametrize(("given", "expected"), GOOD)
def test_settings_reach_every_vectorizer(given, expected):
    use_case = use_case_of()
    pipeline = make_pipeline(use_case, {f"text__{name}": value for name, value in given.items()})
    vectorizers = [
        part for _, part, _ in pipeline[0].transformers if isinstance(part, TfidfVectorizer)
    ]
    assert len(vectorizers) == 2
    for vectorizer in vectorizers:
        for name, value in expected.items():
            assert getattr(vectorizer, name) == value
    settings = pipeline_settings(pipeline)
    assert {"C", "text__ngram_range", "text__min_df"} <= set(settings)
    if "ngram_range" in given:
        assert settings["text__ngram_range"] == list(expected["ngram_range"])


BAD = [
    ({"ngram_range": [2, 1]}, "text__ngram_range: found [2, 1], expected two whole numbers"),
    ({"ngram_range": [1]}, "text__ngram_range: found [1], expected two whole numbers"),
    ({"ngram_range": [1, 99]}, "text__ngram_range: found [1, 99], expected two whole numbers"),
    ({"ngram_range": [True, 2]}, "text__ngram_range: found [True, 2], expected two whole"),
    ({"ngram_range": "wide"}, "text__ngram_range: found 'wide', expected an instance of 'tuple'"),
    ({"min_df": "-1"}, "text__min_df: found '-1', expected a float in the range"),
    ({"sublinear_tf": "maybe"}, "text__sublinear_tf: found 'maybe', expected"),
    ({"token_pattern": "(a"}, "text__token_pattern: found '(a', no regular expression: missing )"),
    ({"token_pattern": "(a)(b)"}, "text__token_pattern: found 2 groups in '(a)(b)', expected"),
    ({"stop_words": [1]}, "text__stop_words: found [1], expected a list of texts"),
    ({"minimum": 1}, "text__minimum: TfidfVectorizer has no such hyperparameter"),
    ({"input": "filename"}, "text__input: TfidfVectorizer has no such hyperparameter"),
    ({"tokenizer": "eval"}, "text__tokenizer: TfidfVectorizer has no such hyperparameter"),
]


@pytest.mark.parametrize(("given", "message"), BAD)
def test_a_wrong_setting_is_refused_by_name(given, message):
    with pytest.raises(HyperparameterError) as refusal:
        make_pipeline(use_case_of(), {f"text__{name}": value for name, value in given.items()})
    assert message in str(refusal.value)


def test_the_problems_of_estimator_and_texts_are_listed_together():
    with pytest.raises(HyperparameterError, match=r"2 hyperparameter\(s\) refused") as refusal:
        make_pipeline(use_case_of(), {"C": -1, "text__min_df": "none", "max_iter": 50})
    assert "C: found -1" in str(refusal.value)
    assert "text__min_df: found 'none'" in str(refusal.value)


def test_text_settings_without_a_text_are_refused(small):
    with pytest.raises(HyperparameterError, match="text__min_df: the use case small has no column"):
        make_pipeline(small, {"text__min_df": 1})


@pytest.mark.parametrize("estimator", ["HistGradientBoostingClassifier", "GaussianNB"])
def test_an_estimator_that_takes_no_text_is_refused(estimator):
    with pytest.raises(HyperparameterError) as refusal:
        make_pipeline(use_case_of(estimator), {})
    assert f"{estimator} cannot be trained on texts (column title)" in str(refusal.value)
    assert "LogisticRegression" in str(refusal.value).partition("Choose one of ")[2]


CLASSIFIERS = [
    name
    for name, known in ESTIMATORS.items()
    if known.task == "classification" and known.takes_text
]


@pytest.mark.parametrize("estimator", CLASSIFIERS)
def test_every_other_classifier_learns_from_texts(frame, estimator):
    if ESTIMATORS[estimator].library:
        pytest.importorskip(ESTIMATORS[estimator].library)
    use_case = use_case_of(estimator)
    pipeline = fit(make_pipeline(use_case, {}), frame, use_case)
    features = frame[use_case.feature_names]
    assert (pipeline.predict(features) == frame["label"].to_numpy(dtype=str)).mean() > 0.8
    # One row at a time as in one go: sparse or dense, nothing depends on the other rows.
    single = [pipeline.predict(features.iloc[[row]])[0] for row in range(4)]
    assert single == pipeline.predict(features)[:4].tolist()


def test_a_regression_on_texts(frame):
    document = copy.deepcopy(DOCUMENT)
    document |= {"task": "regression", "target": "stars"}
    document["metric"] = {"name": "r2", "threshold": 0, "direction": "maximize"}
    document["model"] = {"estimator": "Ridge"}
    use_case = parse_use_case(document)
    pipeline = fit(make_pipeline(use_case, {}), frame, use_case)
    assert np.isfinite(pipeline.predict(frame[use_case.feature_names])).all()
