from __future__ import annotations

import json
from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from landing_zone.api.predictions import ROWS_AT_ONCE, predict, predict_url
from landing_zone.api.session import Response
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import load_settings
from tests.unit.deployment_scripts.fakes import FakeAws, client_error

SETTINGS = load_settings({})
URL = "https://api.example.com/v1/predict/iris"


class FakeSession:
    """Answers each row with a label, or with what the test gives."""

    def __init__(self, answer: Any = None) -> None:
        self.answer = answer
        self.bodies: list[bytes] = []

    def send(
        self, method: str, url: str, body: bytes = b"", headers: dict[str, str] | None = None
    ) -> Response:
        assert (method, url, (headers or {})["Content-Type"]) == ("POST", URL, "text/csv")
        self.bodies.append(body)
        if isinstance(self.answer, Exception):
            raise self.answer
        if self.answer:
            return Response(*self.answer)
        document = {
            "predictions": [{"label": "setosa", "probabilities": {}}] * body.count(b"\n"),
            "model_version": "3",
            "variant": "A",
            "inference_id": "id",
        }
        return Response(200, {}, json.dumps(document).encode())


class FakeSsm:
    def __init__(self, value: str = "") -> None:
        self.value = value

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        assert Name == "/ml-core/development/inference_api_url"
        if not self.value:
            raise client_error("ParameterNotFound")
        return {"Parameter": {"Value": self.value}}


def test_many_rows_are_sent_in_parts() -> None:
    session = FakeSession()
    rows = ["1,2"] * (ROWS_AT_ONCE + 1)
    found = list(predict(session, URL, rows))

    assert [body.count(b"\n") for body in session.bodies] == [ROWS_AT_ONCE, 1]
    assert {(item.value, item.version, item.variant) for item in found} == {("setosa", "3", "A")}


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        ((400, {}, b'{"message": "row 1: no", "request_id": "x"}'), "400: row 1: no .request x."),
        ((403, {}, b'{"message": "Forbidden"}'), "403: Forbidden$"),
        ((403, {}, b'{"Message": "not authorized"}'), "403: not authorized$"),
        ((502, {}, b"<html>"), "502: <html>$"),
        (ReadTimeoutError(endpoint_url=URL), "does not answer"),
    ],
)
def test_an_answer_without_predictions(answer: Any, said: str) -> None:
    with pytest.raises(OperatorError, match=said):
        list(predict(FakeSession(answer), URL, ["1,2"]))


def test_the_url_of_a_target() -> None:
    aws = FakeAws(ssm=FakeSsm("https://api.example.com/v1"))

    assert predict_url(aws, SETTINGS, "iris") == URL
    assert predict_url(aws, SETTINGS, "iris", "dev") == f"{URL}/dev"


def test_without_an_api_the_next_step_is_named() -> None:
    with pytest.raises(OperatorError, match="has no inference API: SSM lacks /ml-core/development"):
        predict_url(FakeAws(ssm=FakeSsm()), SETTINGS, "iris")
