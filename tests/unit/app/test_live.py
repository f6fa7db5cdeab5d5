"""The model behind the inference API, and its errors in words."""

from __future__ import annotations

import pytest

from app.answers import AppError, ModelFacts
from app.live import LiveModel
from landing_zone.api.session import Response
from tests.unit.app.fakes import ANSWER, FACTS, URL, FakeSession, as_json

LONG = "a" * 6012


def test_the_model_says_its_version_and_what_it_reads() -> None:
    assert LiveModel(FakeSession(), URL, "reviews").describe() == ModelFacts(
        "3", "a text of 3 to 5000 characters"
    )


def test_a_text_is_sent_as_it_is() -> None:
    session, text = FakeSession(), 'Great, "really"\ngreat'

    found = LiveModel(session, URL, "reviews").predict(text)

    assert session.requests == [("POST", "predict/reviews", {"instances": [[text]]})]
    assert (found.label, found.probability, found.version) == ("1", 0.9, "3")
    assert (found.variant, found.inference_id) == ("AllTraffic", "JKJaXmPLvHcESHA=")


def test_an_estimator_without_probabilities() -> None:
    answer = as_json({**ANSWER, "predictions": [{"label": "0"}]})

    assert LiveModel(FakeSession(predict=answer), URL, "reviews").predict("no").probability is None


def test_a_regression_is_refused() -> None:
    answer = as_json({**ANSWER, "predictions": [0.52]})

    with pytest.raises(AppError, match=r"answers '0.52', which is no label"):
        LiveModel(FakeSession(predict=answer), URL, "housing").predict("no")


def test_a_use_case_with_other_features_is_refused() -> None:
    features = [{"name": "petal_length", "type": "number", "allowed": "a number"}]
    session = FakeSession(models=as_json({**FACTS, "use_case": "iris", "features": features}))

    with pytest.raises(AppError, match=r"iris has the features petal_length \(number\)"):
        LiveModel(session, URL, "iris").describe()


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (
            as_json({"message": "m", "problems": [{"allowed": "a text of 3 to 5000 characters"}]}, 400),
            "It has 6,012 characters; allowed: a text of 3 to 5000 characters.",
        ),
        (as_json({"message": "body: not JSON"}, 400), "cannot read this text: body: not JSON"),
        (as_json({"message": "Forbidden"}, 403), "needs? execute-api:Invoke on POST/predict/reviews"),
        (as_json({"message": "no"}, 404), "no model of the use case reviews.*make local"),
        (as_json({"message": "body"}, 413), "too long: it has 6,012 characters"),
        (as_json({}, 429, Retry_After="7"), "Try again in 7 seconds"),
        (as_json({}, 429), "Try again in a moment"),
        (as_json({}, 502), "failed to answer this text"),
        (as_json({}, 504), "not in service at the moment"),
        (as_json({"request_id": "JKJa"}, 500), r"failed \(status 500\).*the request JKJa"),
        (Response(503, {}, b"<html>"), r"failed \(status 503\). Try again later.$"),
    ],
)  # fmt: skip
def test_an_error_is_a_sentence_for_the_person_who_asked(answer: Response, said: str) -> None:
    with pytest.raises(AppError, match=said):
        LiveModel(FakeSession(predict=answer), URL, "reviews").predict(LONG)


def test_an_api_that_is_down() -> None:
    session = FakeSession()
    session.is_down = True

    with pytest.raises(AppError, match=r"does not answer.*make local USE_CASE=reviews"):
        LiveModel(session, URL, "reviews").describe()
