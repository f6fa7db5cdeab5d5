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
from localaws.core.context import ContextFactory
from localaws.core.shared import SharedObjects, T
from localaws.patch import apply
from localaws.patches import INTERPRETER_PATCHES
from without_patch import without

ACCOUNT, REGION = "123456789012", "eu-west-1"
ROLE = f"arn:aws:iam::{ACCOUNT}:role/machine"


class FakeContext:
    """One client for every service. Keeps the roles of the clients and the events that are published."""

    def __init__(self, client: Any, clock: Clock) -> None:
        self.clock = clock
        self.roles: set[str | None] = set()
        self._client = client
        self.events: list[dict[str, Any]] = []
        self.work_dir = Path("unused")
        self._shared_objects = SharedObjects()

    def shared(self, kind: type[T]) -> T:
        return self._shared_objects.get(kind, ACCOUNT, REGION)

    def acting(self, source_arn: str = "", session_name: str = "") -> None:
        return None

    def client(
        self, service: str, role_arn: str | None = None, config: Any = None, acting: Any = None
    ) -> Any:
        self.roles.add(role_arn)
        return self._client

    def arn(self, service: str, resource: str) -> str:
        return f"arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}"

    def publish(self, source: str, kind: str, detail: dict[str, Any], arns: list[str]) -> None:
        self.events.append({"source": source, "type": kind, "detail": detail, "resources": arns})


class FakeSageMaker:
    """Jobs with the statuses that a test sets. Keeps every call."""

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


class Runner:
    """Runs one state machine to its end."""

    def __init__(self, context: FakeContext) -> None:
        from localaws.services.stepfunctions.backend import LocalStepFunctionsBackend

        self.context = context
        self.backend = LocalStepFunctionsBackend(contexts(context), REGION, ACCOUNT)

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


def contexts(context: FakeContext) -> ContextFactory:
    return lambda *_: context  # type: ignore[return-value]


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    return FakeSageMaker()


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def context(sagemaker: FakeSageMaker, clock: Clock) -> FakeContext:
    return FakeContext(sagemaker, clock)


@pytest.fixture
def runner(context: FakeContext, pytestconfig: pytest.Config) -> Iterator[Runner]:
    table = without(INTERPRETER_PATCHES, pytestconfig.getoption("without_patch"))
    with apply(table, contexts(context)):
        yield Runner(context)
