"""What a drift job gets to read."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common.errors import ConfigurationError, InputError
from plan_drift.service import Clients, plan_drift
from plan_drift.settings import Settings

NOW = datetime(2026, 5, 20, 3, 10, 5, tzinfo=UTC)
SETTINGS = Settings("acme-dev", "source", "workflow", "key", 24)
EVENT = {
    "Input": {"UseCase": "iris", "Target": "prod"},
    "Execution": "0123456789",
    "Now": NOW.isoformat(),
}


class FakeS3:
    def __init__(self, objects: dict[str, datetime]) -> None:
        self.objects = objects
        self.put: dict[str, bytes] = {}

    def get_paginator(self, _: str) -> FakeS3:
        return self

    def paginate(self, **request: str) -> list[dict[str, Any]]:
        assert request["Bucket"] == "workflow"
        found = [
            {"Key": key, "Size": 10, "LastModified": moment}
            for key, moment in self.objects.items()
            if key.startswith(request["Prefix"])
        ]
        return [{"Contents": found}] if found else [{}]

    def put_object(self, **request: Any) -> None:
        assert request["SSEKMSKeyId"] == "key"
        self.put[request["Key"]] = request["Body"]


class FakeSageMaker:
    def __init__(self, live_since: datetime) -> None:
        self.config: dict[str, Any] = {
            "EndpointConfigName": "iris-1",
            "EndpointConfigArn": "arn",
            "CreationTime": live_since,
            "DataCaptureConfig": {
                "EnableCapture": True,
                "DestinationS3Uri": "s3://workflow/capture",
            },
            "ProductionVariants": [{"VariantName": "A", "ModelName": "m"}, {"VariantName": "B"}],
        }
        self.tags = [{"Key": "RunId", "Value": "run-1"}, {"Key": "CodeVersion", "Value": "c0de"}]

    def describe_endpoint(self, **request: str) -> dict[str, str]:
        if request["EndpointName"] != "acme-dev-iris":
            raise ClientError({"Error": {"Code": "ValidationException"}}, "DescribeEndpoint")
        return {"EndpointConfigName": "iris-1"}

    def describe_endpoint_config(self, **_: str) -> dict[str, Any]:
        return self.config

    def list_tags(self, **_: str) -> dict[str, Any]:
        return {"Tags": self.tags}

    def describe_model(self, **_: str) -> dict[str, Any]:
        return {"PrimaryContainer": {"Image": "image:1"}}


def key(hour: datetime, variant: str = "A") -> str:
    return f"capture/acme-dev-iris/{variant}/{hour:%Y/%m/%d/%H}/x.jsonl"


def test_it_lists_the_requests_of_the_window_and_of_the_live_model() -> None:
    hours = [NOW - timedelta(hours=back) for back in (0, 3, 23, 24, 25, 40)]
    objects = {key(hour): hour for hour in hours} | {key(NOW, "B"): NOW}
    objects |= {"labels/iris/new.csv": NOW, "labels/iris/old.csv": NOW - timedelta(days=9)}
    s3 = FakeS3(objects)
    plan = plan_drift(EVENT, SETTINGS, Clients(s3, FakeSageMaker(NOW - timedelta(days=9))))

    folder = "monitoring/acme-dev-iris/2026-05-20-03-10-05-01234567"
    listed = json.loads(s3.put[f"{folder}/input/capture.manifest"])
    assert listed[:2] == [{"prefix": "s3://workflow/"}, f"{folder}/input/empty.txt"]
    assert sorted(listed[2:]) == sorted(key(hour) for hour in hours[:4])
    labels = json.loads(s3.put[f"{folder}/input/labels.manifest"])
    assert labels[2:] == ["labels/iris/new.csv"]
    assert json.loads(s3.put[f"{folder}/plan.json"]) == plan
    assert plan["BaselineUri"] == "s3://workflow/run-1/evaluation/output/baseline.json"
    assert (plan["Since"], plan["Until"]) == ("2026-05-19T03:10:05Z", "2026-05-20T03:10:05Z")
    assert plan["CodeUri"] == "s3://source/code/c0de/"
    assert plan["ImageUri"] == "image:1"


def test_nothing_that_an_earlier_model_answered_is_compared() -> None:
    plan = plan_drift(EVENT, SETTINGS, Clients(FakeS3({}), FakeSageMaker(NOW - timedelta(hours=2))))
    assert plan["Since"] == "2026-05-20T01:10:05Z"
    assert plan["CaptureFiles"] == 0


def test_what_cannot_be_compared_is_refused_with_the_next_step() -> None:
    sagemaker = FakeSageMaker(NOW)
    clients = Clients(FakeS3({}), sagemaker)
    with pytest.raises(ConfigurationError, match="found 'test'; allowed: dev, prod"):
        plan_drift({**EVENT, "Input": {"UseCase": "iris", "Target": "test"}}, SETTINGS, clients)
    with pytest.raises(InputError, match="acme-dev-iris-dev cannot be described"):
        plan_drift({**EVENT, "Input": {"UseCase": "iris", "Target": "dev"}}, SETTINGS, clients)
    sagemaker.tags.pop()
    with pytest.raises(InputError, match="the tag CodeVersion is missing"):
        plan_drift(EVENT, SETTINGS, clients)
    sagemaker.tags.append({"Key": "CodeVersion", "Value": "c0de"})
    sagemaker.config["DataCaptureConfig"]["EnableCapture"] = False
    with pytest.raises(InputError, match="captures no requests: set capture_percent"):
        plan_drift(EVENT, SETTINGS, clients)
