"""A registry, endpoints and the machine `deploy` in memory."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.unit.deployment_scripts.fakes import START, client_error

GROUP = "zone-development-iris"
ACCOUNT = "arn:aws:sagemaker:eu-west-1:123456789012"


def arn(number: int, group: str = GROUP) -> str:
    return f"{ACCOUNT}:model-package/{group}/{number}"


def after(minutes: float) -> datetime:
    return START + timedelta(minutes=minutes)


@dataclass
class FakeSageMaker:
    """Packages, endpoint configurations with tags, endpoints."""

    packages: dict[str, dict[str, Any]] = field(default_factory=dict)
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    endpoints: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: dict[str, dict[str, Any]] = field(default_factory=dict)
    tags: dict[str, dict[str, str]] = field(default_factory=dict)
    weights: list[dict[str, Any]] = field(default_factory=list)

    def add(self, number: int, status: str, group: str = GROUP, **more: Any) -> str:
        name = arn(number, group)
        self.packages[name] = {
            "ModelPackageArn": name,
            "ModelPackageGroupName": group,
            "ModelPackageVersion": number,
            "ModelApprovalStatus": status,
            "CreationTime": after(number),
            "CustomerMetadataProperties": {
                "RunId": f"run-{number}",
                "CodeVersion": f"code-{number}",
                "GitCommit": f"{number}" * 40,
                "Metric": "accuracy",
                "MetricValue": f"0.9{number}123456",
                "MetricThreshold": "0.9",
            },
            "ModelMetrics": {
                "ModelQuality": {
                    "Statistics": {
                        "S3Uri": f"s3://bucket/run-{number}/evaluation/output/evaluation.json"
                    }
                }
            },
            **more,
        }
        return name

    def serve(self, endpoint: str, config: str, number: int, minutes: float, **tags: str) -> None:
        """An endpoint that serves a version with a configuration that was made then."""
        config_arn = f"{ACCOUNT}:endpoint-config/{config}"
        self.configs[config] = {
            "EndpointConfigName": config,
            "EndpointConfigArn": config_arn,
            "CreationTime": after(minutes),
            "ProductionVariants": [{"VariantName": "A", "ModelName": f"model-{number}"}],
        }
        self.tags[config_arn] = {
            "ModelPackageArn": arn(number),
            "UseCase": "iris",
            "Environment": "zone-development",
            "Target": "prod",
            **tags,
        }
        self.endpoints[endpoint] = {
            "EndpointName": endpoint,
            "EndpointConfigName": config,
            "EndpointStatus": "InService",
            "LastModifiedTime": after(minutes),
            "ProductionVariants": [
                {"VariantName": "A", "CurrentWeight": 1.0, "CurrentInstanceCount": 2}
            ],
        }

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        if ModelPackageName not in self.packages:
            raise client_error("ValidationException")
        return self.packages[ModelPackageName]

    def update_model_package(self, *, ModelPackageArn: str, **changes: Any) -> None:  # noqa: N803
        self.packages[ModelPackageArn].update(changes)

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if EndpointName not in self.endpoints:
            raise client_error("ValidationException")
        return self.endpoints[EndpointName]

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        return self.configs[EndpointConfigName]

    def describe_model(self, *, ModelName: str) -> dict[str, Any]:  # noqa: N803
        if ModelName not in self.models:
            raise client_error("ValidationException")
        return self.models[ModelName]

    def update_endpoint_weights_and_capacities(self, **request: Any) -> None:
        self.weights.append(request)
        endpoint = self.endpoints[request["EndpointName"]]
        for change in request["DesiredWeightsAndCapacities"]:
            for variant in endpoint["ProductionVariants"]:
                if variant["VariantName"] == change["VariantName"]:
                    variant["CurrentWeight"] = change["DesiredWeight"]

    def get_paginator(self, operation: str) -> Any:
        return _Pages(self, operation)


@dataclass
class _Pages:
    api: FakeSageMaker
    operation: str

    def paginate(self, **options: Any) -> Iterator[dict[str, Any]]:
        if self.operation == "list_model_packages":
            wanted = options["ModelPackageGroupName"]
            found = [p for p in self.api.packages.values() if p["ModelPackageGroupName"] == wanted]
            if not found:
                raise client_error("ValidationException")
            yield {"ModelPackageSummaryList": found}
        elif self.operation == "list_model_package_groups":
            names = sorted({p["ModelPackageGroupName"] for p in self.api.packages.values()})
            yield {
                "ModelPackageGroupSummaryList": [{"ModelPackageGroupName": name} for name in names]
            }
        elif self.operation == "list_endpoint_configs":
            yield {"EndpointConfigs": list(self.api.configs.values())}
        else:
            assert self.operation == "list_tags"
            tags = self.api.tags.get(options["ResourceArn"], {})
            yield {"Tags": [{"Key": key, "Value": value} for key, value in tags.items()]}


@dataclass
class FakeStates:
    """Executions of the machine, newest last."""

    executions: dict[str, dict[str, Any]] = field(default_factory=dict)

    def add(
        self, name: str, status: str, minutes: tuple[float, float | None], **output: Any
    ) -> None:
        started, stopped = minutes
        request = {"UseCase": output.pop("UseCase", "iris"), "Target": output.pop("Target", "prod")}
        request["Reason"] = "asked for"
        found = {"status": status, "startDate": after(started), "input": json.dumps(request)}
        if stopped is not None:
            found["stopDate"] = after(stopped)
        for key in ("error", "cause"):
            if key in output:
                found[key] = output.pop(key)
        if output:
            found["output"] = json.dumps(output)
        self.executions[name] = {"executionArn": name, **found}

    def describe_execution(self, *, executionArn: str) -> dict[str, Any]:  # noqa: N803
        return self.executions[executionArn]

    def start_execution(self, *, stateMachineArn: str, input: str) -> dict[str, str]:  # noqa: N803
        name = f"started-{len(self.executions)}"
        request = json.loads(input)
        self.executions[name] = {
            "executionArn": name,
            "status": "SUCCEEDED",
            "startDate": after(100),
            "stopDate": after(101),
            "input": input,
            "output": json.dumps(
                {"Action": "none", "EndpointName": "e", "Reason": request["Reason"]}
            ),
        }
        return {"executionArn": name}

    def get_paginator(self, operation: str) -> Any:
        assert operation == "list_executions"
        states = self

        class Executions:
            def paginate(self, **_: Any) -> Iterator[dict[str, Any]]:
                yield {"executions": list(reversed(states.executions.values()))}

        return Executions()
