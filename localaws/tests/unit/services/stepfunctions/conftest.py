"""State machines without a server: the interpreter with fake services behind its tasks."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from localaws.core.clock import Clock

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class FakeContext:
    """What a backend needs of its context; keeps the events that are published."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.events: list[dict[str, Any]] = []
        self.work_dir = Path("unused")

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

    def publish(self, source: str, kind: str, detail: dict[str, Any], arns: list[str]) -> None:
        self.events.append({"source": source, "type": kind, "detail": detail, "resources": arns})


class FakeSageMaker:
    """Jobs that end as they are told to; keeps every call."""

    def __init__(self) -> None:
        self.calls: list[tuple[str, dict[str, Any]]] = []
        self.statuses = ["InProgress", "Completed"]
        self.error: ClientError | None = None
        self.description: dict[str, Any] = {}

    def __getattr__(self, operation: str) -> Callable[..., dict[str, Any]]:
        def call(**params: Any) -> dict[str, Any]:
            self.calls.append((operation, params))
            if operation.startswith("create_"):
                if self.error:
                    raise self.error
                return {"TrainingJobArn": "arn:job", "ResponseMetadata": {}}
            if operation.startswith("describe_"):
                status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
                started = datetime(2024, 5, 1, 8, 0, 0, 250_000, tzinfo=UTC)
                return {
                    **params,
                    "TrainingJobStatus": status,
                    "CreationTime": started,
                    "ModelArtifacts": {"S3ModelArtifacts": "s3://b/model.tar.gz"},
                    **self.description,
                    "ResponseMetadata": {"HTTPStatusCode": 200},
                }
            return {}

        return call

    def names(self) -> list[str]:
        return [name for name, _ in self.calls]


class FakeClients:
    """One client for every service; keeps the roles."""

    def __init__(self, client: Any) -> None:
        self.client = client
        self.roles: set[str] = set()

    def client_for(self, region: str, service: str, state_credentials: Any = None) -> Any:
        self.roles.add(state_credentials.role_arn)
        return self.client


class Runner:
    """Runs one state machine to its end."""

    def __init__(self, context: FakeContext, client: Any) -> None:
        from localaws.services.stepfunctions import interpreter
        from localaws.services.stepfunctions.backend import LocalStepFunctionsBackend

        self.context = context
        self.clients = FakeClients(client)
        interpreter.install(self.clients, context.clock)  # type: ignore[arg-type]
        self.backend = LocalStepFunctionsBackend(REGION, ACCOUNT, lambda *_: context)  # type: ignore[arg-type,return-value]

    def start(self, states: dict[str, Any], value: Any = None, **machine: Any) -> Any:
        document = {"StartAt": next(iter(states)), "States": states} | machine
        created = self.backend.create_state_machine(
            name="machine", definition=json.dumps(document), roleArn=ROLE
        )
        return self.backend.start_execution(created.arn, "run", json.dumps(value or {}))

    def run(self, states: dict[str, Any], value: Any = None) -> Any:
        execution = self.start(states, value)
        assert execution.ended.wait(10)
        return execution


@pytest.fixture
def context() -> FakeContext:
    return FakeContext()


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    return FakeSageMaker()


@pytest.fixture
def runner(context: FakeContext, sagemaker: FakeSageMaker) -> Iterator[Runner]:
    yield Runner(context, sagemaker)
