"""An account as plan_deployment sees it: a registry, an endpoint, its alarms and its scaling."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from plan_deployment.service import plan_deployment
from plan_deployment.settings import RolloutSettings, Settings
from plan_deployment.world import Clients
from tests.unit.lambdas import fakes

PREFIX, USE_CASE = "ml-core-development", "housing"
GROUP = ENDPOINT = f"{PREFIX}-{USE_CASE}"
ARCHIVE = b"the files of the model"
ROLLOUT = RolloutSettings("LINEAR", 20, 300, 300, 5400, 5, 0.01, 2_000_000)
SETTINGS = Settings(
    "ml-core",
    "development",
    fakes.WORKFLOW,
    fakes.KMS_KEY,
    "arn:aws:iam::123456789012:role/ml-core-development-sagemaker",
    "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms",
    ROLLOUT,
)
PROD = {"instance_type": "ml.m5.large", "instance_count": 1, "capture_percent": 0}
DEV = {"enabled": True, **PROD, "test": {"requests": 10}}


@dataclass
class FakeSageMaker:
    packages: list[dict[str, Any]] = field(default_factory=list)
    endpoint: dict[str, Any] | None = None
    configs: dict[str, dict[str, Any]] = field(default_factory=dict)
    models: set[str] = field(default_factory=set)

    def list_model_packages(self, **request: Any) -> dict[str, Any]:
        status = request.get("ModelApprovalStatus")
        found = [item for item in self.packages if status in (None, item["ModelApprovalStatus"])]
        return {"ModelPackageSummaryList": found[::-1][: request["MaxResults"]]}

    def describe_model_package(self, *, ModelPackageName: str) -> dict[str, Any]:  # noqa: N803
        return next(item for item in self.packages if item["ModelPackageArn"] == ModelPackageName)

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        if self.endpoint is None or self.endpoint["EndpointName"] != EndpointName:
            raise missing("endpoint")
        return self.endpoint

    def describe_model(self, *, ModelName: str) -> dict[str, Any]:  # noqa: N803
        if ModelName not in self.models:
            raise missing("model")
        return {}

    def describe_endpoint_config(self, *, EndpointConfigName: str) -> dict[str, Any]:  # noqa: N803
        if EndpointConfigName not in self.configs:
            raise missing("endpoint configuration")
        return {"EndpointConfigArn": EndpointConfigName}

    def list_tags(self, *, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        return {"Tags": self.configs[ResourceArn]["Tags"]}


@dataclass
class FakeAlarms:
    raised: list[dict[str, str]] = field(default_factory=list)

    def describe_alarms(self, **_: Any) -> dict[str, Any]:
        return {"MetricAlarms": self.raised}


@dataclass
class FakeScaling:
    targets: list[dict[str, Any]] = field(default_factory=list)
    policies: list[dict[str, Any]] = field(default_factory=list)

    def describe_scalable_targets(self, **request: Any) -> dict[str, Any]:
        wanted = request["ResourceIds"]
        return {"ScalableTargets": [t for t in self.targets if t["ResourceId"] in wanted]}

    def describe_scaling_policies(self, **request: Any) -> dict[str, Any]:
        found = [p for p in self.policies if p["ResourceId"] == request["ResourceId"]]
        return {"ScalingPolicies": found}


def missing(what: str) -> ClientError:
    return fakes.refusal("ValidationException", f'Could not find {what} "arn".')


class World:
    """The account, and the executions of the state machine on it: each call does what the plan says."""

    def __init__(self) -> None:
        self.sagemaker = FakeSageMaker()
        self.s3 = fakes.FakeS3()
        self.alarms = FakeAlarms()
        self.scaling = FakeScaling()

    def version(
        self,
        status: str = "Approved",
        *,
        prod: dict[str, Any] | None = None,
        dev: dict[str, Any] | None = None,
        **metadata: str,
    ) -> str:
        number = len(self.sagemaker.packages) + 1
        run_id = f"run-{number}"
        section = {"prod": {**PROD, **(prod or {})}, "dev": {**DEV, **(dev or {})}}
        use_case = json.dumps({"endpoint": section})
        self.s3.put(fakes.WORKFLOW, f"{run_id}/config/use_case.json", use_case)
        key = f"{run_id}/training/j/output/model.tar.gz"
        self.s3.put(fakes.WORKFLOW, key, ARCHIVE)
        arn = f"arn:aws:sagemaker:eu-west-1:123456789012:model-package/{GROUP}/{number}"
        self.sagemaker.packages.append(
            {
                "ModelPackageArn": arn,
                "ModelPackageVersion": number,
                "ModelApprovalStatus": status,
                "InferenceSpecification": {
                    "Containers": [
                        {"Image": "image", "ModelDataUrl": f"s3://{fakes.WORKFLOW}/{key}"}
                    ],
                    "SupportedRealtimeInferenceInstanceTypes": ["ml.t2.medium"],
                },
                "CustomerMetadataProperties": {
                    "RunId": run_id,
                    "ModelSha256": hashlib.sha256(ARCHIVE).hexdigest(),
                    **metadata,
                },
            }
        )
        return arn

    def plan(self, state: dict[str, Any] | None = None, **order: Any) -> dict[str, Any]:
        given = {"UseCase": USE_CASE, "Target": "prod", "Reason": "a test", **order}
        event = {"Input": given, "State": state or given, "Execution": "e-1", "Started": "now"}
        clients = Clients(self.sagemaker, self.s3, self.alarms, self.scaling)
        return plan_deployment(event, SETTINGS, clients)

    def run(self, **order: Any) -> list[dict[str, Any]]:
        """The plans of an execution on an account where every step takes effect at once."""
        plans: list[dict[str, Any]] = []
        state: dict[str, Any] | None = None
        while not plans or plans[-1]["Do"] not in ("done", "fail"):
            plan = self.plan(state, **order)
            plans.append(plan)
            state = {"Plan": plan}
            self.do(plan, state)
            assert len(plans) < 30, [item["Do"] for item in plans]
        return plans

    def do(self, plan: dict[str, Any], state: dict[str, Any]) -> None:
        request = plan.get("Request", {})
        match plan["Do"]:
            case "model":
                self.sagemaker.models.add(request["ModelName"])
            case "config":
                self.sagemaker.configs[request["EndpointConfigName"]] = request
            case "create" | "update":
                self.serve(request["EndpointConfigName"], request["EndpointName"])
            case "test":
                state["Test"] = {"Answer": {"Passed": True, "Summary": "", "Location": "s3://b/k"}}
            case "scale":
                self.scaling.targets.append(request)
                self.scaling.policies.append(plan["Policy"])
            case "unscale":
                self.scaling.targets.clear()
            case "reject":
                package = self.sagemaker.describe_model_package(
                    ModelPackageName=request["ModelPackageArn"]
                )
                package |= {
                    "ModelApprovalStatus": "Rejected",
                    "ApprovalDescription": request["ApprovalDescription"],
                }

    def serve(self, config: str, name: str = ENDPOINT, **changes: Any) -> None:
        """The endpoint is in service with a configuration."""
        variants = self.sagemaker.configs[config]["ProductionVariants"]
        self.sagemaker.endpoint = {
            "EndpointName": name,
            "EndpointStatus": "InService",
            "EndpointConfigName": config,
            "ProductionVariants": [
                {
                    "VariantName": item["VariantName"],
                    **(
                        {"CurrentServerlessConfig": item["ServerlessConfig"]}
                        if "ServerlessConfig" in item
                        else {"DesiredInstanceCount": item["InitialInstanceCount"]}
                    ),
                }
                for item in variants
            ],
            **changes,
        }


def steps(plans: list[dict[str, Any]]) -> list[str]:
    return [plan["Do"] for plan in plans]
