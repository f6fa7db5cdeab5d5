"""The handlers as Lambda calls them: environment, clients and event, with AWS faked at boto3's door."""

from __future__ import annotations

import importlib
import json
import logging
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

import boto3
import pytest

import run_local
from tests.unit.lambdas import fakes

CONTEXT = SimpleNamespace(aws_request_id="8f5e6a0e-request")


@pytest.fixture(autouse=True)
def own_logging() -> Iterator[None]:
    root = logging.getLogger()
    before, level = root.handlers[:], root.level
    yield
    root.handlers[:] = before
    root.setLevel(level)


class Aws:
    """boto3.client: one fake a service; remembers with which credentials S3 was opened."""

    def __init__(self, s3: fakes.FakeS3) -> None:
        self.fakes: dict[str, Any] = {
            "s3": s3,
            "sagemaker": fakes.FakeSageMaker(),
            "codepipeline": fakes.FakeCodePipeline(),
        }
        self.tokens: list[str] = []

    def client(self, service: str, **options: Any) -> Any:
        if "aws_session_token" in options:
            assert service == "s3"
            self.tokens.append(options["aws_session_token"])
        return self.fakes[service]


@pytest.fixture
def aws(
    monkeypatch: pytest.MonkeyPatch, s3: fakes.FakeS3, environment: dict[str, str]
) -> Iterator[Aws]:
    aws = Aws(s3)
    monkeypatch.setattr(boto3, "client", aws.client)
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    yield aws
    for function in ("create_schema", "update_schema"):
        importlib.import_module(f"{function}.handler").clients.cache_clear()


def call(function: str) -> None:
    importlib.import_module(f"{function}.handler").handler(fakes.load_event(function), CONTEXT)


def test_create_schema_succeeds_with_the_jobs_own_credentials(
    aws: Aws, capsys: pytest.CaptureFixture[str]
) -> None:
    body = json.dumps(fakes.git_manifest())
    aws.fakes["s3"].put(fakes.ARTIFACTS, "ml-core-development-/SourceArti/Uj3kd9A.zip", body)
    call("create_schema")
    assert aws.fakes["codepipeline"].failures == []
    (success,) = aws.fakes["codepipeline"].successes
    assert success["outputVariables"]["UseCase"] == "housing"
    assert aws.tokens == ["canary-session-token-do-not-log-this-value"]
    assert "canary" not in capsys.readouterr().out


@pytest.mark.parametrize("function", ["create_schema", "update_schema"])
def test_missing_artifact_is_a_reported_failure(aws: Aws, function: str) -> None:
    call(function)
    (failure,) = aws.fakes["codepipeline"].failures
    assert failure["failureDetails"]["type"] == "JobFailed"
    assert "NoSuchKey: The specified key does not exist." in failure["failureDetails"]["message"]


@pytest.mark.parametrize("function", ["create_schema", "update_schema"])
def test_missing_setting_is_a_reported_failure(
    aws: Aws, monkeypatch: pytest.MonkeyPatch, function: str
) -> None:
    monkeypatch.delenv("SERVICE")
    call(function)
    (failure,) = aws.fakes["codepipeline"].failures
    assert failure["failureDetails"]["type"] == "ConfigurationError"
    assert failure["failureDetails"]["message"] == (
        "Lambda function: environment variable SERVICE is not set. Terraform sets these variables "
        "(infra/modules): apply it again."
    )


@pytest.mark.parametrize("function", ["create_schema", "update_schema"])
def test_handler_is_short(function: str) -> None:
    path = fakes.REPOSITORY / "lambdas" / function / "handler.py"
    lines = path.read_text().splitlines()
    start = next(n for n, line in enumerate(lines) if line.startswith("def handler"))
    assert len(lines) - start <= 30


def test_local_run_prints_the_answer(aws: Aws, capsys: pytest.CaptureFixture[str]) -> None:
    body = json.dumps(fakes.git_manifest())
    aws.fakes["s3"].put(fakes.ARTIFACTS, "ml-core-development-/SourceArti/Uj3kd9A.zip", body)
    event = str(fakes.REPOSITORY / "tests/events/create_schema.json")
    assert run_local.main(["create_schema", event]) == 0
    assert '"UseCase": "housing"' in capsys.readouterr().out
    event = str(fakes.REPOSITORY / "tests/events/update_schema.json")
    assert run_local.main(["update_schema", event]) == 1
