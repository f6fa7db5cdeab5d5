"""The test of a dev endpoint against a fake runtime."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common.errors import InputError
from test_endpoint import service
from test_endpoint.load import Result, run_load
from test_endpoint.settings import Settings
from tests.unit.lambdas import fakes

SETTINGS = Settings(fakes.WORKFLOW, fakes.KMS_KEY)
USE_CASE = {
    "task": "classification",
    "target": "kind",
    "columns": [{"name": "a"}, {"name": "kind", "values": ["x", "y"]}, {"name": "b"}],
}
EVENT = {
    "EndpointName": "e-dev",
    "EndpointConfigName": "c",
    "ModelPackageArn": "arn",
    "RunId": "run",
    "Test": {"requests": 20, "rate": 1000, "max_error_rate": 0.1, "max_p99_milliseconds": 500},
}
Answer = Callable[[bytes], bytes]


class Runtime:
    def __init__(self, answer: Answer) -> None:
        self.answer = answer
        self.bodies: list[bytes] = []

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.bodies.append(request["Body"])
        return {"Body": io.BytesIO(self.answer(request["Body"]))}


@pytest.fixture
def s3() -> fakes.FakeS3:
    fake = fakes.FakeS3()
    fake.put(fakes.WORKFLOW, "run/config/use_case.json", json.dumps(USE_CASE))
    rows = "kind,b,a\nx,2,1\ny,4,3\n"
    fake.put(fakes.WORKFLOW, "run/preprocessing/test/test.csv", rows)
    return fake


def labels(body: bytes) -> bytes:
    return b"x\n" * body.count(b"\n")


def run(s3: fakes.FakeS3, answer: Answer, **changes: Any) -> tuple[dict[str, Any], Runtime]:
    runtime = Runtime(answer)
    event = {**EVENT, "Test": {**EVENT["Test"], **changes}}  # type: ignore[dict-item]
    return service.test_endpoint(event, SETTINGS, service.Clients(runtime, s3)), runtime


def test_held_out_rows_are_sent_in_the_order_of_the_use_case(s3: fakes.FakeS3) -> None:
    answer, runtime = run(s3, labels)
    assert answer["Passed"] is True
    assert answer["Summary"].startswith("20 requests, 0.00% failed, p50 ")
    assert runtime.bodies[0] == b"1,2\n3,4\n1,2\n"
    assert len(runtime.bodies) == 21
    key = (fakes.WORKFLOW, "run/deployment/dev.json")
    results = json.loads(s3.objects[key])
    assert answer["Location"] == f"s3://{fakes.WORKFLOW}/run/deployment/dev.json"
    assert (results["Load"]["Requests"], results["EndpointName"]) == (20, "e-dev")
    assert s3.written[key]["SSEKMSKeyId"] == fakes.KMS_KEY


def test_a_failed_smoke_test_sends_no_load(s3: fakes.FakeS3) -> None:
    answer, runtime = run(s3, lambda body: b"x\n")
    assert answer["Passed"] is False
    assert answer["Summary"] == "smoke test: found 1 predictions, expected 3"
    assert len(runtime.bodies) == 1


def test_a_label_that_the_use_case_does_not_have(s3: fakes.FakeS3) -> None:
    answer, _ = run(s3, lambda body: b"z\n" * body.count(b"\n"))
    assert answer["Summary"] == "smoke test: found the label 'z', expected one of x, y"


def test_a_regression_answers_with_numbers(s3: fakes.FakeS3) -> None:
    use_case = json.dumps({**USE_CASE, "task": "regression"})
    s3.put(fakes.WORKFLOW, "run/config/use_case.json", use_case)
    answer, _ = run(s3, lambda body: b"nan\n" * body.count(b"\n"))
    assert answer["Summary"] == "smoke test: found 'nan', expected a number"


def test_errors_above_the_threshold_are_counted_by_kind(s3: fakes.FakeS3) -> None:
    def broken(body: bytes) -> bytes:
        if body.count(b"\n") > 1:
            return labels(body)
        error = {
            "Error": {"Code": "ModelError", "Message": "500"},
            "ResponseMetadata": {"HTTPStatusCode": 424},
        }
        raise ClientError(error, "InvokeEndpoint")  # type: ignore[arg-type]

    answer, _ = run(s3, broken)
    assert answer["Summary"] == "max_error_rate: found 1 (20 ModelError 424), allowed 0.1"


def test_a_slow_endpoint_does_not_keep_the_threshold() -> None:
    result = Result(tuple(map(float, range(1, 101))), {})
    assert result.percentile(99) == 99
    limits = {"max_error_rate": 0, "max_p99_milliseconds": 98}
    assert service.over_thresholds(result, limits) == ["max_p99_milliseconds: found 99, allowed 98"]


def test_a_request_is_measured_from_the_moment_when_it_was_due() -> None:
    """Without waiting: each request is a second later than it was due, or more."""
    clock = iter(range(1000))
    result = run_load(
        lambda number: None, 3, 1000.0, now=lambda: float(next(clock)), sleep=lambda _: None
    )
    assert result.requests == 3
    assert min(result.latencies) >= 900


def test_a_run_without_rows_is_named(s3: fakes.FakeS3) -> None:
    s3.objects.pop((fakes.WORKFLOW, "run/preprocessing/test/test.csv"))
    with pytest.raises(InputError, match=r"holds neither test\.csv nor sample\.csv"):
        run(s3, labels)
