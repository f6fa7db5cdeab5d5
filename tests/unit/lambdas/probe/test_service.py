"""The share of the requests that got predictions, and the metric that tells it."""

from __future__ import annotations

from typing import Any

import pytest
from botocore.exceptions import ReadTimeoutError

from common.errors import ConfigurationError
from probe.service import probe
from probe.settings import Settings
from tests.unit.lambdas import fakes

SETTINGS = Settings("https://api.example.com/v1", "predict", "ml-core-development")
GOOD: tuple[int, Any] = (200, {"predictions": [1.5]})


class FakeApi:
    """Gives the answers of the test, one after the other."""

    def __init__(self, *answers: Any) -> None:
        self.answers = list(answers)
        self.requests: list[tuple[str, Any]] = []

    def post(self, url: str, document: Any) -> tuple[int, Any]:
        self.requests.append((url, document))
        answer = self.answers.pop(0)
        if isinstance(answer, Exception):
            raise answer
        found: tuple[int, Any] = answer
        return found


class FakeCloudWatch:
    def __init__(self) -> None:
        self.calls: list[dict[str, Any]] = []

    def put_metric_data(self, **call: Any) -> None:
        self.calls.append(call)


@pytest.mark.parametrize(
    ("second", "percent"),
    [
        (GOOD, 100),
        ((504, {"message": "The model does not answer."}), 50),
        ((200, None), 50),
        ((200, {"predictions": []}), 50),
        (ReadTimeoutError(endpoint_url="https://api.example.com"), 50),
    ],
)
def test_the_share_is_published(second: Any, percent: float) -> None:
    api, cloudwatch = FakeApi(GOOD, second), FakeCloudWatch()

    result = probe(fakes.load_event("probe"), SETTINGS, api, cloudwatch)

    assert result["SuccessPercent"] == percent
    assert api.requests[0] == (
        "https://api.example.com/v1/predict/iris",
        {"context": "5.1,3.5,1.4,0.2"},
    )
    assert cloudwatch.calls == [
        {
            "Namespace": "ml-core-development",
            "MetricData": [
                {
                    "MetricName": "SuccessPercent",
                    "Dimensions": [{"Name": "UseCase", "Value": "iris"}],
                    "Value": percent,
                    "Unit": "Percent",
                }
            ],
        }
    ]


def test_settings_that_are_missing_are_all_named() -> None:
    with pytest.raises(ConfigurationError) as raised:
        Settings.from_environment({"ROUTE": "predict"})
    assert raised.value.problems == [
        "environment variable API_URL is not set",
        "environment variable NAMESPACE is not set",
    ]
