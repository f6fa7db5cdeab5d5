from __future__ import annotations

import io
import socket
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from landing_zone.core.errors import OperatorError
from landing_zone.load import targets
from landing_zone.load.loads import UsageError
from landing_zone.load.sender import Answer
from landing_zone.load.targets import EndpointTarget, UrlTarget, checked_url, require_answer


class Runtime:
    """Answers with what the test gives, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.calls: list[dict[str, Any]] = []

    def invoke_endpoint(self, **parameters: Any) -> dict[str, Any]:
        self.calls.append(parameters)
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        return {"Body": io.BytesIO(b"1.0\n"), "InvokedProductionVariant": answer}


def error(code: str, **more: Any) -> ClientError:
    return ClientError({"Error": {"Code": code, "Message": "said AWS"}, **more}, "InvokeEndpoint")  # type: ignore[typeddict-item]


def test_an_endpoint_is_invoked_with_a_row() -> None:
    runtime = Runtime("model-a")
    target = EndpointTarget(runtime, "ml-core-development-iris")

    assert target.send(b"1,2\n") == Answer(variant="model-a")
    assert str(target) == "endpoint ml-core-development-iris"
    assert runtime.calls == [
        {
            "EndpointName": "ml-core-development-iris",
            "ContentType": "text/csv",
            "Accept": "text/csv",
            "Body": b"1,2\n",
        }
    ]


def test_errors_have_codes() -> None:
    runtime = Runtime(
        error("ThrottlingException"),
        error("ModelError", OriginalStatusCode=503),
        ReadTimeoutError(endpoint_url="https://x"),
    )
    target = EndpointTarget(runtime, "x")
    answers = [target.send(b"") for _ in range(3)]

    assert [answer.error for answer in answers] == [
        "ThrottlingException",
        "ModelError 503",
        "ReadTimeoutError",
    ]
    assert "said AWS" in answers[0].detail


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/infer?x=1",
        "http://127.0.0.1:4566/infer",
        "http://[::1]/x",
        "http://localhost/x",
        "http://abc.execute-api.localhost:4566/",
    ],
)
def test_a_url_that_may_get_signed_requests(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.example.com/infer", "allowed: https"),
        ("http://127.0.0.1.example.com/", "allowed: https"),
        ("ftp://127.0.0.1/", "allowed: a URL such as"),
        ("api.example.com/infer", "allowed: a URL such as"),
        ("https://", "allowed: a URL such as"),
        ("https://me:secret@api.example.com/", "has a user name or a password"),
    ],
)
def test_a_url_that_may_not(url: str, message: str) -> None:
    with pytest.raises(UsageError, match=message) as raised:
        checked_url(url)
    assert "secret" not in str(raised.value)


def test_a_url_is_called_with_the_socket_options_of_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise Nagle's algorithm adds 40 ms to each request."""
    found: dict[str, Any] = {}
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    monkeypatch.setattr(targets, "URLLib3Session", lambda **options: found.update(options))
    UrlTarget("https://api.example.com/infer", None, "eu-west-1", 7, 2.5)

    assert found["socket_options"] == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    assert (found["max_pool_connections"], found["timeout"], found["verify"]) == (7, 2.5, "/ca.pem")


def test_a_target_that_does_not_answer_gets_no_load() -> None:
    runtime = Runtime(*[error("ValidationError")] * 3)
    with pytest.raises(
        OperatorError, match="endpoint x answers ValidationError to 3 single requests"
    ):
        require_answer(EndpointTarget(runtime, "x"), b"1")


def test_one_answer_of_three_is_enough() -> None:
    runtime = Runtime(error("ThrottlingException"), "AllTraffic")
    require_answer(EndpointTarget(runtime, "x"), b"1")

    assert len(runtime.calls) == 2
