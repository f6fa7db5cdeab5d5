"""The image of the shipped Dockerfile: built, pushed to ECR with the commit as its tag, and run from there.

It takes minutes, so it runs only with BUILD_IMAGE=1. The tests of test_own_image.py run once more, with this
image instead of its directory.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.testing import REGION, LocalAws, running
from server.sagemaker.client import OWN_IMAGE, SageMaker, wait
from tests.local.test_own_image import (  # noqa: F401 - fixtures and tests for this module too
    model,
    prepared,
    test_a_transform_job_keeps_the_order,
    test_an_endpoint_answers_and_refuses,
    test_the_model_was_exported,
    trained,
)

ROOT = Path(__file__).parents[2]
REPOSITORY, _, TAG = OWN_IMAGE.rpartition(":")
pytestmark = [
    pytest.mark.image,
    pytest.mark.xdist_group("pushed_image"),
    pytest.mark.timeout(1800),
    pytest.mark.skipif(
        os.environ.get("BUILD_IMAGE") != "1", reason="builds an image for minutes: BUILD_IMAGE=1"
    ),
]


def docker(server: LocalAws, directory: Path, *words: str, stdin: str | None = None) -> str:
    """The command of localaws. Prints how long it took."""
    started = time.monotonic()
    done = subprocess.run(
        [sys.executable, "-m", "localaws.services.ecr.docker", *words],
        cwd=ROOT, input=stdin, text=True, check=False, stdout=subprocess.PIPE,
        env={**os.environ, **server.environment, "DOCKER_CONFIG": str(directory)},
    )  # fmt: skip
    print(f"docker {words[0]}: {time.monotonic() - started:.1f} s")  # noqa: T201
    assert done.returncode == 0, done.stdout[-4000:]
    return done.stdout


@pytest.fixture(scope="module")
def sagemaker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SageMaker]:
    """A server without directory images: what runs was pushed."""
    directory = tmp_path_factory.mktemp("docker")
    # A base image that cannot be pulled is replaced, and the output says so.
    os.environ.setdefault("LOCALAWS_STAND_IN_BASE", "1")
    with running(tmp_path_factory.mktemp("localaws"), "--time-scale", "10") as server:
        docker(
            server, directory, "build", "-f", "workflow/container/Dockerfile", "-t", OWN_IMAGE, "."
        )
        ecr = server.client("ecr")
        ecr.create_repository(
            repositoryName=REPOSITORY.partition("/")[2], imageTagMutability="IMMUTABLE"
        )
        token = ecr.get_authorization_token()["authorizationData"][0]["authorizationToken"]
        password = subprocess.run(
            ["base64", "-d"], input=token, capture_output=True, text=True, check=True
        ).stdout.partition(":")[2]
        host = REPOSITORY.partition("/")[0]
        docker(
            server,
            directory,
            "login",
            "--username",
            "AWS",
            "--password-stdin",
            host,
            stdin=password,
        )
        pushed = docker(server, directory, "push", OWN_IMAGE)
        assert re.search(rf"^{TAG}: digest: sha256:[0-9a-f]{{64}}$", pushed, re.MULTILINE)
        assert f".{REGION}." in host
        client = SageMaker(server)
        unpack(client)
        yield client


def unpack(client: SageMaker) -> None:
    """Run a first job, which waits until the layers are unpacked. Prints how long it took."""
    started = time.monotonic()
    name = client.start_processing("python3", "--version")
    job = wait(
        lambda: client.api.describe_processing_job(ProcessingJobName=name),
        lambda job: job["ProcessingJobStatus"] in ("Completed", "Failed"),
        seconds=600,
    )
    print(f"first job: {time.monotonic() - started:.1f} s")  # noqa: T201
    assert job["ProcessingJobStatus"] == "Completed", job
