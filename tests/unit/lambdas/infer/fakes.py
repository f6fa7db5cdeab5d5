"""An endpoint of iris and one of reviews, as the function sees them; calls are recorded."""

from __future__ import annotations

import io
import json
from dataclasses import dataclass, field
from typing import Any

import yaml

from infer.models import Models
from infer.requests import Answer, ApiRequest, Refusal
from infer.service import Service
from infer.settings import Settings
from tests.unit.lambdas import fakes

PREFIX = "ml-core-development"
REQUEST_ID = "JKJaXmPLvHcESHA="
ROW = "5.1,3.5,1.4,0.2"
_REGION = "arn:aws:sagemaker:eu-west-1:123456789012"


@dataclass
class FakeEndpoints:
    """sagemaker and sagemaker-runtime."""

    configurations: dict[str, str] = field(default_factory=dict)  # by endpoint
    tags: dict[str, dict[str, str]] = field(default_factory=dict)  # by configuration
    groups: set[str] = field(default_factory=set)
    failure: Exception | None = None  # of every description
    answer: Any = None  # of the endpoint; an exception is raised
    calls: list[str] = field(default_factory=list)
    invocations: list[dict[str, Any]] = field(default_factory=list)

    def add(self, use_case: str, version: str, suffix: str = "", **tags: str) -> None:
        configuration = f"{use_case}-{version}-abc{suffix}"
        self.configurations[f"{PREFIX}-{use_case}{suffix}"] = configuration
        self.groups.add(f"{PREFIX}-{use_case}")
        usual = {"RunId": f"run-{use_case}", "UseCase": use_case, "ModelVersion": version}
        self.tags[configuration] = {**usual, **tags}

    def describe_endpoint(self, *, EndpointName: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append("describe_endpoint")
        if self.failure:
            raise self.failure
        if EndpointName not in self.configurations:
            text = f'Could not find endpoint "{_REGION}:endpoint/{EndpointName}".'
            raise fakes.refusal("ValidationException", text)
        return {
            "EndpointConfigName": self.configurations[EndpointName],
            "EndpointArn": f"{_REGION}:endpoint/{EndpointName}",
        }

    def list_tags(self, *, ResourceArn: str) -> dict[str, Any]:  # noqa: N803
        self.calls.append("list_tags")
        assert ResourceArn.startswith(f"{_REGION}:endpoint-config/")
        tags = self.tags[ResourceArn.rpartition("/")[2]]
        return {"Tags": [{"Key": key, "Value": value} for key, value in tags.items() if value]}

    def describe_model_package_group(self, *, ModelPackageGroupName: str) -> dict[str, Any]:  # noqa: N803
        if ModelPackageGroupName not in self.groups:
            raise fakes.refusal("ValidationException", "it does not exist")
        return {}

    def invoke_endpoint(self, **request: Any) -> dict[str, Any]:
        self.invocations.append(request)
        if isinstance(self.answer, Exception):
            raise self.answer
        rows = len(request["Body"].splitlines()) if request["ContentType"] == "text/csv" else 1
        content = self.answer or {"predictions": [{"label": "setosa"}] * rows}
        body = content if isinstance(content, bytes) else json.dumps(content).encode()
        return {
            "Body": io.BytesIO(body),
            "ContentType": request["Accept"],
            "InvokedProductionVariant": "AllTraffic",
        }


class Scene:
    """The service with its fakes, and a clock that stands still."""

    def __init__(self) -> None:
        self.endpoints = FakeEndpoints()
        self.s3 = fakes.FakeS3()
        self.seconds = 0.0
        for name in ("iris", "reviews"):
            text = (fakes.REPOSITORY / f"config/use_cases/{name}.yaml").read_text()
            document = json.dumps(yaml.safe_load(text))
            self.s3.put(fakes.WORKFLOW, f"run-{name}/config/use_case.json", document)
            self.endpoints.add(name, "3")
        settings = Settings(PREFIX, fakes.WORKFLOW)
        models = Models(self.endpoints, self.s3, settings, now=lambda: self.seconds)
        self.service = Service(models, self.endpoints)

    def post(
        self, body: Any, use_case: str = "iris", target: str = "", **headers: str
    ) -> dict[str, Any]:
        """The status, and the answer or the refusal."""
        route = "POST /predict/{use_case}" + ("/{target}" if target else "")
        parameters = {"use_case": use_case, **({"target": target} if target else {})}
        content = body if isinstance(body, bytes) else json.dumps(body).encode()
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        return self.answer(ApiRequest(route, REQUEST_ID, parameters, named, content))

    def answer(self, request: ApiRequest) -> dict[str, Any]:
        try:
            answer = self.service.answer(request)
        except Refusal as refusal:
            answer = Answer.refused(refusal, request.id)
        event = answer.as_event()
        is_json = event["headers"]["content-type"] == "application/json"
        return {**event, "document": json.loads(event["body"]) if is_json else None}
