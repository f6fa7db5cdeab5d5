"""What the errors of an endpoint are to a caller: a status, and no details."""

from __future__ import annotations

import json

import pytest
from botocore.exceptions import ClientError, EndpointConnectionError, ReadTimeoutError

from tests.unit.lambdas import fakes
from tests.unit.lambdas.infer.fakes import ROW, Scene


def model_error(status: int | None, message: str = "Traceback: secret") -> ClientError:
    details = {} if status is None else {"OriginalStatusCode": status, "OriginalMessage": message}
    text = "Received server error from primary, see https://eu-west-1.console.aws.amazon.com/..."
    return ClientError({"Error": {"Code": "ModelError", "Message": text}, **details}, "Invoke")  # type: ignore[typeddict-item]


@pytest.mark.parametrize(
    ("failure", "status"),
    [
        (model_error(0), 504),
        (model_error(None), 504),
        (model_error(500), 502),
        (model_error(503), 504),
        (model_error(400), 400),
        (model_error(413), 413),
        (model_error(429), 429),
        (fakes.refusal("ThrottlingException", "Rate exceeded"), 429),
        (fakes.refusal("ModelNotReadyException", "not ready"), 429),
        (fakes.refusal("ValidationError", "Endpoint x of account 123456789012 not found."), 504),
        (fakes.refusal("ServiceUnavailable", "unavailable"), 504),
        (ReadTimeoutError(endpoint_url="https://runtime"), 504),
        (EndpointConnectionError(endpoint_url="https://runtime"), 504),
    ],
)
def test_a_failure_of_the_endpoint(failure: Exception, status: int) -> None:
    scene = Scene()
    scene.endpoints.answer = failure
    answer = scene.post({"context": ROW})

    assert answer["statusCode"] == status
    assert set(answer["document"]) == {"message", "request_id"}
    for secret in ("Traceback", "secret", "https://", "123456789012", "primary"):
        assert secret not in answer["body"]
    assert ("retry-after" in answer["headers"]) == (status == 429)


def test_what_our_container_says_of_a_row_is_passed_on() -> None:
    scene = Scene()
    said = "row 1: the prediction is inf, which no answer can hold."
    scene.endpoints.answer = model_error(400, json.dumps({"error": said}))

    assert scene.post({"context": ROW})["document"]["message"] == said


def test_a_refusal_of_our_own_role_is_not_the_callers() -> None:
    scene = Scene()
    scene.endpoints.answer = fakes.refusal("AccessDeniedException", "role may not")

    with pytest.raises(ClientError):
        scene.post({"context": ROW})
