"""Pausing and resuming dev endpoints, with a SageMaker that keeps endpoints, configurations and tags."""

from __future__ import annotations

import json
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest
from botocore.exceptions import ClientError

from common.errors import ConfigurationError
from pause_dev_endpoints import handler
from pause_dev_endpoints.service import PAUSED, pause, resume
from tests.unit.lambdas.fakes import WORKFLOW, FakeS3, refusal

NOW = datetime(2026, 1, 2, 20, tzinfo=UTC)
PREFIX = "ml-core-development"
DEV = f"{PREFIX}-housing-dev"
TAGS = {"Target": "dev", "Environment": PREFIX, "UseCase": "housing"}


def always(_: str) -> bool:
    """Every use case still has a dev endpoint."""
    return True


class FakeSageMaker:
    """Endpoints with their configuration and status; configurations, the newest first, with tags."""

    def __init__(self) -> None:
        self.endpoints: dict[str, dict[str, str]] = {}
        self.configs: dict[str, dict[str, str]] = {}
        self.serverless = set[str]()
        self.fails_to: str = ""
        self.run_of_version_4 = ""

    def list_model_packages(self, **request: Any) -> dict[str, Any]:
        assert request["ModelPackageGroupName"] == f"{PREFIX}-housing"
        found = [{"ModelPackageArn": "arn:4"}] if self.run_of_version_4 else []
        return {"ModelPackageSummaryList": found}

    def describe_model_package(self, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        metadata = {"RunId": self.run_of_version_4}
        return {"ModelPackageArn": ModelPackageName, "CustomerMetadataProperties": metadata}

    def serve(self, endpoint: str, config: str, status: str = "InService", **tags: str) -> None:
        self.endpoints[endpoint] = {"EndpointConfigName": config, "EndpointStatus": status}
        self.configs[config] = {**TAGS, **tags}

    def get_paginator(self, operation: str) -> Any:
        return type(
            "Pages", (), {"paginate": lambda _, **options: getattr(self, operation)(**options)}
        )()

    def list_endpoints(self, NameContains: str) -> list[dict[str, Any]]:  # noqa: N803
        return [{"Endpoints": [{"EndpointName": n}]} for n in self.endpoints if NameContains in n]

    def list_endpoint_configs(self, **order: str) -> list[dict[str, Any]]:
        assert order == {"SortBy": "CreationTime", "SortOrder": "Descending"}
        return [
            {"EndpointConfigs": [{"EndpointConfigName": name, "EndpointConfigArn": f"arn:{name}"}]}
            for name in self.configs
        ]

    def list_tags(self, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        tags = self.configs[ResourceArn.removeprefix("arn:")]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}

    def describe_endpoint(self, EndpointName: str) -> dict[str, str]:  # noqa: N803
        return self.endpoints[EndpointName]

    def describe_endpoint_config(self, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        serverless: dict[str, Any] = (
            {"ServerlessConfig": {}} if EndpointConfigName in self.serverless else {}
        )
        return {
            "EndpointConfigArn": f"arn:{EndpointConfigName}",
            "ProductionVariants": [{"VariantName": "AllTraffic", **serverless}],
        }

    def add_tags(self, ResourceArn: str, Tags: list[dict[str, str]]) -> None:  # noqa: N803
        self.configs[ResourceArn.removeprefix("arn:")] |= {t["Key"]: t["Value"] for t in Tags}

    def delete_tags(self, ResourceArn: str, TagKeys: list[str]) -> None:  # noqa: N803
        self._fail("delete_tags")
        for key in TagKeys:
            self.configs[ResourceArn.removeprefix("arn:")].pop(key)

    def delete_endpoint(self, EndpointName: str) -> None:  # noqa: N803
        self._fail("delete_endpoint")
        del self.endpoints[EndpointName]

    def create_endpoint(self, **request: Any) -> None:
        name = request["EndpointName"]
        if name in self.endpoints:
            raise refusal("ValidationException", f"Cannot create already existing endpoint {name}.")
        self.endpoints[name] = {
            "EndpointConfigName": request["EndpointConfigName"], "EndpointStatus": "Creating"
        }  # fmt: skip
        assert {tag["Key"]: tag["Value"] for tag in request["Tags"]} == TAGS

    def _fail(self, operation: str) -> None:
        if self.fails_to == operation:
            self.fails_to = ""
            raise refusal("ThrottlingException", "Rate exceeded")


def test_a_dev_endpoint_is_deleted_and_comes_back_with_the_same_configuration() -> None:
    sagemaker = FakeSageMaker()
    sagemaker.serve(DEV, "housing-3-abc")
    sagemaker.configs["housing-2-abc"] = dict(TAGS)

    assert pause(sagemaker, PREFIX, NOW) == {DEV: "paused"}
    assert sagemaker.endpoints == {}
    assert pause(sagemaker, PREFIX, NOW) == {}
    assert resume(sagemaker, PREFIX, always) == {DEV: "resumed"}
    assert sagemaker.endpoints[DEV]["EndpointConfigName"] == "housing-3-abc"
    assert all(PAUSED not in tags for tags in sagemaker.configs.values())
    assert resume(sagemaker, PREFIX, always) == {}


def test_nothing_but_a_dev_endpoint_in_service_is_deleted() -> None:
    sagemaker = FakeSageMaker()
    sagemaker.serve(f"{PREFIX}-housing", "housing-3-abc", Target="prod")
    # The prod endpoint of a use case whose name ends like that of a dev endpoint.
    sagemaker.serve(f"{PREFIX}-x-dev", "x-dev-1-abc", Target="prod", UseCase="x-dev")
    sagemaker.serve(f"{PREFIX}-y-dev", "y-1-abc", UseCase="y", Environment="other")
    sagemaker.serve(f"{PREFIX}-z-dev", "z-1-abc", "Updating", UseCase="z")
    sagemaker.serve(f"{PREFIX}-s-dev", "s-1-abc", UseCase="s")
    sagemaker.serverless.add("s-1-abc")
    before = dict(sagemaker.endpoints)

    found = pause(sagemaker, PREFIX, NOW)

    assert sagemaker.endpoints == before
    assert found[f"{PREFIX}-x-dev"].startswith("kept: its configuration is not tagged")
    assert found[f"{PREFIX}-y-dev"].startswith("kept: its configuration is not tagged")
    assert found[f"{PREFIX}-z-dev"] == "kept: it is Updating"
    assert found[f"{PREFIX}-s-dev"].startswith("kept: a serverless endpoint")
    assert f"{PREFIX}-housing" not in found
    assert resume(sagemaker, PREFIX, always) == {}


def test_a_call_that_was_interrupted_is_repeated() -> None:
    sagemaker = FakeSageMaker()
    sagemaker.serve(DEV, "housing-3-abc")
    calls: list[tuple[str, Callable[[], object]]] = [
        ("delete_endpoint", lambda: pause(sagemaker, PREFIX, NOW)),
        ("delete_tags", lambda: resume(sagemaker, PREFIX, always)),
    ]
    for operation, call in calls:
        sagemaker.fails_to = operation
        with pytest.raises(ClientError, match="Rate exceeded"):
            call()
        call()
    assert DEV in sagemaker.endpoints
    assert PAUSED not in sagemaker.configs["housing-3-abc"]


def test_an_endpoint_that_was_deployed_meanwhile_is_kept() -> None:
    sagemaker = FakeSageMaker()
    sagemaker.serve(DEV, "housing-3-abc")
    pause(sagemaker, PREFIX, NOW)
    sagemaker.serve(DEV, "housing-4-abc")

    assert resume(sagemaker, PREFIX, always) == {DEV: "kept: it exists"}
    assert sagemaker.endpoints[DEV]["EndpointConfigName"] == "housing-4-abc"


@pytest.mark.parametrize(
    ("enabled", "became"),
    [(True, "resumed"), (False, "not resumed: its use case has endpoint.dev.enabled: false now")],
)
def test_an_endpoint_that_a_later_version_disables_stays_deleted(
    monkeypatch: pytest.MonkeyPatch, enabled: bool, became: str
) -> None:
    sagemaker, s3 = FakeSageMaker(), FakeS3()
    sagemaker.serve(DEV, "housing-3-abc")
    pause(sagemaker, PREFIX, NOW)
    sagemaker.run_of_version_4 = "run-4"
    use_case = {"endpoint": {"dev": {"enabled": enabled}}}
    s3.put(WORKFLOW, "run-4/config/use_case.json", json.dumps(use_case))
    monkeypatch.setattr("boto3.client", {"sagemaker": sagemaker, "s3": s3}.get)
    monkeypatch.setenv("PREFIX", PREFIX)
    monkeypatch.setenv("WORKFLOW_BUCKET", WORKFLOW)
    handler.client.cache_clear()

    assert handler.handler({"Action": "resume"}, None) == {"Endpoints": {DEV: became}}
    assert (DEV in sagemaker.endpoints) == enabled
    # It is not asked about again: a version that enables it deploys it.
    assert PAUSED not in sagemaker.configs["housing-3-abc"]


def test_an_unknown_action_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PREFIX", PREFIX)
    monkeypatch.setenv("WORKFLOW_BUCKET", WORKFLOW)
    with pytest.raises(ConfigurationError, match="found 'stop'; allowed: pause, resume"):
        handler.handler({"Action": "stop"}, None)
