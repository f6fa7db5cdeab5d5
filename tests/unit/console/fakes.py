"""A console without sockets: requests go to the application, AWS is in memory."""

from __future__ import annotations

import io
import itertools
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from console.context import Context
from console.files import Files
from console.gate import Verdict
from console.routes import make_router
from console.web.app import App
from console.web.guard import Guard
from console.web.live import Changes
from console.web.messages import Request, Response
from console.web.static import Static
from landing_zone.core.settings import load_settings
from tests.unit.deployment_scripts.fakes import (
    EVALUATION,
    MANIFEST,
    FakeAws,
    FakePipelineApi,
    FakeS3,
    Pages,
    artifact,
    client_error,
)
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker, FakeStates

PORT = 8470
HOST = f"127.0.0.1:{PORT}"
ORIGIN = f"http://{HOST}"
RUN = "11111111-2222-3333-4444-555555555555"
ANN = "arn:aws:sts::1:assumed-role/Approver/ann"
SETTINGS = load_settings({"SERVICE": "zone", "AWS_ENDPOINT_URL": "http://127.0.0.1:4566"})


class FakeSsm:
    """The parameters of a deployment; none when nothing is deployed."""

    def __init__(self, **values: str) -> None:
        self.values = {f"/zone/development/{name}": value for name, value in values.items()}

    def get_paginator(self, operation: str) -> Pages:
        assert operation == "get_parameters_by_path"
        found = [{"Name": name, "Value": value} for name, value in self.values.items()]
        return Pages({"Parameters": found})

    def get_parameter(self, *, Name: str) -> dict[str, Any]:  # noqa: N803
        if Name not in self.values:
            raise client_error("ParameterNotFound")
        return {"Parameter": {"Value": self.values[Name]}}


class FakeSts:
    def get_caller_identity(self) -> dict[str, str]:
        return {"Arn": ANN, "Account": "1"}


DEPLOYED = {
    "pipeline_name": "pipe",
    "source_bucket": "source-bucket",
    "workflow_bucket": "workflow-bucket",
    "artifact_bucket": "artifact-bucket",
}


@dataclass
class Console:
    """One console, and a browser that is signed in to it."""

    folder: Path
    ssm: FakeSsm = field(default_factory=lambda: FakeSsm(**DEPLOYED))
    pipeline: FakePipelineApi = field(default_factory=FakePipelineApi)
    sagemaker: FakeSageMaker = field(default_factory=FakeSageMaker)
    states: FakeStates = field(default_factory=FakeStates)
    verdict: Verdict = field(default_factory=lambda: Verdict(True, "accepted", ("3 rows",)))
    urls: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.s3 = FakeS3("source-bucket", "workflow-bucket", "artifact-bucket", "bucket")
        aws = FakeAws(
            ssm=self.ssm, s3=self.s3, sts=FakeSts(), codepipeline=self.pipeline,
            sagemaker=self.sagemaker, stepfunctions=self.states,
        )  # fmt: skip
        secrets = (f"secret-{number}" for number in itertools.count(1))
        self.guard = Guard(PORT, self.urls.append, lambda: next(secrets))
        self.changes, self.files = Changes(), Files()
        self.context = Context(SETTINGS, aws, self.changes)  # type: ignore[arg-type]
        router = make_router(self.context, self.files, lambda file, use_case: self.verdict)
        self.app = App(self.guard, router, Static(), self.changes, 0.01)
        self.cookie = self.sign_in()

    def sign_in(self) -> str:
        token = self.urls[-1].rpartition("token=")[2]
        answer = self.respond("GET", "/", {"host": HOST}, query={"token": token})
        return str(answer.headers["Set-Cookie"].partition(";")[0])

    def respond(
        self, method: str, path: str, headers: dict[str, str], body: bytes = b"", **more: Any
    ) -> Response:
        return self.app.respond(
            Request(method, path, headers=headers, body=io.BytesIO(body), length=len(body), **more)
        )

    def get(self, path: str, **query: str) -> Any:
        """What a path of the API answers to the page."""
        headers = {"host": HOST, "cookie": self.cookie, "sec-fetch-site": "same-origin"}
        return content(self.respond("GET", path, headers, query=query))

    def post(self, path: str, document: Any = None, body: bytes = b"", **query: str) -> Any:
        headers = {"host": HOST, "cookie": self.cookie, "origin": ORIGIN}
        body = body or json.dumps(document or {}).encode()
        return content(self.respond("POST", path, headers, body, query=query))

    def add_run(self, run_id: str = RUN, status: str = "InProgress", **changes: str) -> None:
        """A run that has its manifest and its evaluation."""
        manifest = {**MANIFEST, "RunId": run_id, **changes}
        key = f"pipe/{run_id}/TrainingResult"
        self.s3.put_object(Bucket="artifact-bucket", Key=key, Body=artifact(manifest))
        self.s3.put_object(
            Bucket="workflow-bucket",
            Key="run-1/evaluation/output/evaluation.json",
            Body=json.dumps(EVALUATION).encode(),
        )
        self.pipeline.add_run(run_id, status)
        self.pipeline.add_action(
            run_id, "MachineLearningStage", "InvokeCreateSchemaFunction", "Succeeded",
            outputArtifacts=[
                {"name": "TrainingResult", "s3location": {"bucket": "artifact-bucket", "key": key}}
            ],
        )  # fmt: skip


def content(response: Response) -> Any:
    """The JSON of a response; its status where that is not 200."""
    assert isinstance(response.body, bytes)
    found = json.loads(response.body)
    return found if response.status == 200 else {"status": response.status, **found}


def first_events(response: Response, count: int) -> list[Any]:
    """The first answers in a stream of events."""
    assert not isinstance(response.body, bytes)
    parts: Iterator[bytes] = (part for part in response.body if part.startswith(b"data: "))
    return [json.loads(part[6:]) for _, part in zip(range(count), parts, strict=False)]
