"""Requests that are answered, and those that are refused before they reach the endpoint."""

from __future__ import annotations

from typing import Any

import pytest

from infer.requests import ApiRequest
from infer.service import MAX_BODY_BYTES, MAX_ROWS
from tests.unit.lambdas.infer.fakes import PREFIX, REQUEST_ID, ROW, Scene


@pytest.fixture
def scene() -> Scene:
    return Scene()


def test_an_answer_says_what_has_predicted(scene: Scene) -> None:
    answer = scene.post({"context": ROW})

    assert answer["statusCode"] == 200
    assert answer["document"] == {
        "predictions": [{"label": "setosa"}],
        "model_version": "3",
        "variant": "AllTraffic",
        "endpoint": f"{PREFIX}-iris",
        "inference_id": REQUEST_ID,
    }
    assert answer["headers"]["x-inference-id"] == REQUEST_ID
    assert scene.endpoints.invocations == [
        {
            "EndpointName": f"{PREFIX}-iris",
            "Body": ROW.encode(),
            "ContentType": "text/csv",
            "Accept": "application/json",
            "InferenceId": REQUEST_ID,
        }
    ]


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b'{"instances": [[5.1, 3.5, 1.4, 0.2]]}', "application/json"),
        (b"[5.1, 3.5, 1.4, 0.2]", "application/jsonlines"),
        (b"5.1,3.5,1.4,0.2", "text/csv"),
    ],
)
def test_other_bodies_reach_the_endpoint_as_they_are(
    scene: Scene, body: bytes, content_type: str
) -> None:
    assert scene.post(body, content_type=f"{content_type}; charset=utf-8")["statusCode"] == 200
    [request] = scene.endpoints.invocations
    assert (request["Body"], request["ContentType"]) == (body, content_type)


def test_csv_is_answered_as_the_endpoint_gives_it(scene: Scene) -> None:
    scene.endpoints.answer = b"setosa\n"
    answer = scene.post({"context": ROW}, accept="text/csv")

    assert (answer["body"], answer["headers"]["content-type"]) == ("setosa\n", "text/csv")
    assert answer["headers"]["x-model-variant"] == "AllTraffic"
    assert answer["headers"]["x-model-version"] == "3"


def test_dev_has_an_endpoint_of_its_own(scene: Scene) -> None:
    scene.endpoints.add("iris", "4", suffix="-dev")

    assert scene.post({"context": ROW}, target="dev")["document"]["model_version"] == "4"
    assert scene.post({"context": ROW}, target="prod")["document"]["model_version"] == "3"


@pytest.mark.parametrize(
    ("body", "status", "problem"),
    [
        (b"{", 400, {"field": "body"}),
        ([1], 400, {"field": "body"}),
        ({"contxt": ROW}, 400, {"field": "body"}),
        ({"instances": []}, 400, {"field": "body"}),
        (
            {"context": "5.1,3.5,99,0.2"},
            400,
            {
                "row": 1,
                "field": "petal_length",
                "found": "'99'",
                "allowed": "a number from 0.1 to 30",
            },
        ),
        (
            {"instances": [[5.1, 3.5, 1.4, True]]},
            400,
            {
                "row": 1,
                "field": "petal_width",
                "found": "True",
                "allowed": "a number from 0.1 to 30",
            },
        ),
        ({"instances": [[5.1, 3.5]]}, 400, {"row": 1}),
        ({"instances": [{"sepal_length": 5.1}]}, 400, {"row": 1}),
        ({"context": f"{ROW}\n" * (MAX_ROWS + 1)}, 413, {"field": "body"}),
        (b"1" * (MAX_BODY_BYTES + 1), 413, {"field": "body"}),
    ],
)
def test_a_request_that_is_refused(
    scene: Scene, body: Any, status: int, problem: dict[str, Any]
) -> None:
    answer = scene.post(body)

    assert answer["statusCode"] == status
    assert answer["document"]["request_id"] == REQUEST_ID
    assert problem.items() <= answer["document"]["problems"][0].items()
    assert scene.endpoints.invocations == []


def test_the_first_problems_of_many_are_told(scene: Scene) -> None:
    document = scene.post({"context": "a,b,c,d\n" * 50})["document"]

    assert document["message"].endswith("; and 195 more.")
    assert len(document["problems"]) == 20


@pytest.mark.parametrize(
    ("headers", "status"),
    [({"content_type": "image/png"}, 415), ({"accept": "image/png"}, 406)],
)
def test_forms_that_are_not_known(scene: Scene, headers: dict[str, str], status: int) -> None:
    assert scene.post({"context": ROW}, **headers)["statusCode"] == status


def test_texts_are_checked_too(scene: Scene) -> None:
    answer = scene.post({"instances": [["x"]]}, "reviews")

    assert answer["document"]["problems"][0]["field"] == "text"
    assert answer["document"]["problems"][0]["found"] == "1 character"


def test_a_model_is_described(scene: Scene) -> None:
    answer = scene.answer(ApiRequest("GET /models/{use_case}", REQUEST_ID, {"use_case": "iris"}))

    document = answer["document"]
    assert (document["model_version"], document["predicts"]) == ("3", "variety")
    assert document["features"][0] == {
        "name": "sepal_length",
        "type": "number",
        "allowed": "a number from 0.1 to 30",
        "may_be_empty": False,
        "description": "centimetres",
    }


def test_health_needs_no_model(scene: Scene) -> None:
    answer = scene.answer(ApiRequest("GET /health", REQUEST_ID))

    assert (answer["statusCode"], answer["document"]) == (200, {"status": "ok"})
    assert scene.endpoints.calls == []


@pytest.mark.parametrize("answer", [b"no JSON", {"other": 1}, [1]])
def test_an_answer_that_cannot_be_read(scene: Scene, answer: Any) -> None:
    scene.endpoints.answer = answer

    assert scene.post({"context": ROW})["statusCode"] == 502


def test_a_body_in_base64_is_decoded() -> None:
    event = {
        "routeKey": "POST /predict/{use_case}",
        "requestContext": {"requestId": REQUEST_ID},
        "body": "NS4xLDMuNQ==",
        "isBase64Encoded": True,
    }
    assert ApiRequest.from_event(event).body == b"5.1,3.5"
