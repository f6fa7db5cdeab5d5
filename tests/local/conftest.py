"""Tests that talk to a running localaws as any AWS client would."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.config import Config

ROOT = Path(__file__).parents[2]
REGION = "eu-west-1"


@dataclass(frozen=True)
class LocalAws:
    """A running server: where it is, and how a child process reaches it."""

    endpoint_url: str
    state_dir: Path

    @property
    def environment(self) -> dict[str, str]:
        """The variables with which any AWS client talks to this server."""
        return {
            **{k: v for k, v in os.environ.items() if not k.startswith("AWS_")},
            "AWS_ENDPOINT_URL": self.endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_REGION": REGION,
            "AWS_DEFAULT_REGION": REGION,
        }

    def client(self, service_name: str, **config: Any) -> Any:
        """A boto3 client of this server that does not retry: a test sees the first answer."""
        return boto3.client(
            service_name,
            endpoint_url=self.endpoint_url,
            region_name=REGION,
            aws_access_key_id="test",
            aws_secret_access_key="test",
            config=Config(retries={"max_attempts": 0}, s3={"addressing_style": "path"}, **config),
        )


def start_localaws(state_dir: Path, *options: str) -> Iterator[LocalAws]:
    """Start a server of its own on a free port; stop it when the generator is closed."""
    command = [sys.executable, "-m", "localaws"]
    place = ["--state-dir", str(state_dir)]
    started = subprocess.run(
        [*command, "start", "--port", "0", *place, *options],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    assert started.returncode == 0, started.stdout + started.stderr
    endpoint_url = next(word for word in started.stdout.split() if word.startswith("http://"))
    try:
        yield LocalAws(endpoint_url, state_dir)
    finally:
        subprocess.run([*command, "stop", *place], cwd=ROOT, check=True, capture_output=True)


@pytest.fixture(scope="session")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    """One server for all tests of this tier: they use names of their own and clean nothing up."""
    yield from start_localaws(tmp_path_factory.mktemp("localaws"))


@pytest.fixture(scope="session")
def aws(localaws: LocalAws) -> Callable[..., Any]:
    """``aws("codepipeline")`` is a boto3 client of the running localaws; made once per service."""
    clients: dict[str, Any] = {}

    def client(service_name: str, **config: Any) -> Any:
        if config:
            return localaws.client(service_name, **config)
        if service_name not in clients:
            clients[service_name] = localaws.client(service_name)
        return clients[service_name]

    return client
