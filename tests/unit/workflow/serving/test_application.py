"""Paths, methods and statuses of SageMaker's contract."""

from __future__ import annotations

import json
from typing import Any

import pytest

from ml.errors import InvalidRequestError
from serving.application import Application, Request
from serving.settings import Settings

POSTED = {b"content-type": b"text/csv"}


class FakeEngine:
    """Answers with what it was asked, or raises what it was given."""

    def __init__(self) -> None:
        self.error: Exception | None = None

    def respond(
        self, body: bytes, content_type: str | None, accept: str | None
    ) -> tuple[str, bytes]:
        if self.error is not None:
            raise self.error
        return "application/json", json.dumps([body.decode(), content_type, accept]).encode()


@pytest.fixture
def predictor() -> FakeEngine:
    return FakeEngine()


@pytest.fixture
def application(predictor: FakeEngine) -> Application:
    return Application(predictor, Settings(workers=3))


def split(answer: bytes) -> tuple[int, dict[str, str], bytes]:
    top, _, body = answer.partition(b"\r\n\r\n")
    first, *lines = top.decode().split("\r\n")
    headers = dict(line.split(": ", 1) for line in lines)
    assert int(headers["content-length"]) == len(body) or not body
    return int(first.split()[1]), headers, body


def ask(
    application: Application, method: str, path: str, **more: Any
) -> tuple[int, dict[str, str], bytes]:
    return split(application.respond(Request(method.encode(), path.encode(), **more)))


def test_ping_is_200_without_a_body(application: Application) -> None:
    assert ask(application, "GET", "/ping")[::2] == (200, b"")


def test_ping_is_503_while_draining(application: Application) -> None:
    application.draining = True
    status, headers, _ = ask(application, "GET", "/ping")
    assert status == 503
    assert headers["connection"] == "close"


def test_invocations_hands_the_body_on(application: Application) -> None:
    headers = {b"content-type": b"text/csv", b"accept": b"text/csv"}
    status, _, body = ask(application, "POST", "/invocations", headers=headers, body=b"1,2")
    assert status == 200
    assert json.loads(body) == ["1,2", "text/csv", "text/csv"]


def test_custom_attributes_are_echoed_on_success_and_refusal(
    application: Application, predictor: FakeEngine
) -> None:
    headers = {**POSTED, b"x-amzn-sagemaker-custom-attributes": b"trace=7; c=\xc3\xa9"}
    name = b"X-Amzn-SageMaker-Custom-Attributes: trace=7; c=\xc3\xa9\r\n"
    assert name in application.respond(Request(b"POST", b"/invocations", headers))
    predictor.error = InvalidRequestError("no")
    assert name in application.respond(Request(b"POST", b"/invocations", headers))


def test_execution_parameters(application: Application) -> None:
    status, _, body = ask(application, "GET", "/execution-parameters")
    assert status == 200
    assert json.loads(body) == {
        "MaxConcurrentTransforms": 3,
        "BatchStrategy": "MULTI_RECORD",
        "MaxPayloadInMB": 6,
    }


@pytest.mark.parametrize(
    ("method", "path", "status", "message"),
    [
        ("GET", "/", 404, "Found '/', expected GET /ping"),
        ("POST", "/ping", 405, "/ping: found POST, expected GET."),
        ("GET", "/invocations", 405, "/invocations: found GET, expected POST."),
        ("DELETE", "/execution-parameters", 405, "found DELETE, expected GET"),
        ("HEAD", "/invocations", 405, "found HEAD, expected POST"),
    ],
)
def test_other_paths_and_methods(
    application: Application, method: str, path: str, status: int, message: str
) -> None:
    found, headers, body = ask(application, method, path)
    assert found == status
    assert headers["content-type"] == "application/json"
    assert message in json.loads(body)["error"]


def test_head_has_the_length_and_no_body(application: Application) -> None:
    answer = application.respond(Request(b"HEAD", b"/execution-parameters"))
    assert answer.endswith(b"\r\n\r\n")
    assert b"content-length: 79" in answer


def test_a_compressed_body_is_refused_by_name(application: Application) -> None:
    status, _, body = ask(
        application, "POST", "/invocations", headers={**POSTED, b"content-encoding": b"gzip"}
    )
    assert status == 415
    assert "Content-Encoding: found 'gzip', expected none" in json.loads(body)["error"]


def test_a_fault_of_the_engine_is_500_and_logged(
    application: Application, predictor: FakeEngine, capsys: pytest.CaptureFixture[str]
) -> None:
    predictor.error = ZeroDivisionError("secret detail")
    status, _, body = ask(application, "POST", "/invocations", headers=POSTED)
    assert status == 500
    assert b"ZeroDivisionError" in body and b"secret" not in body
    assert "secret detail" in capsys.readouterr().err


def test_a_message_with_a_lone_surrogate_can_be_sent(
    application: Application, predictor: FakeEngine
) -> None:
    predictor.error = InvalidRequestError("found '\ud800'")
    status, _, body = ask(application, "POST", "/invocations", headers=POSTED)
    assert status == 400
    assert json.loads(body) == {"error": "found '?'"}


def test_the_connection_is_closed_when_the_client_asks(application: Application) -> None:
    assert ask(application, "GET", "/ping", keep_alive=False)[1]["connection"] == "close"
    assert "connection" not in ask(application, "GET", "/ping")[1]
