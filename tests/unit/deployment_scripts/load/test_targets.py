from __future__ import annotations

import io
from typing import Any

import pytest
from botocore.exceptions import ClientError, ReadTimeoutError

from landing_zone.core.errors import OperatorError
from landing_zone.load.sender import Answer
from landing_zone.load.targets import EndpointTarget, require_answer


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
