"""The docker command line, with a program of the test in its place."""

from __future__ import annotations

import base64
import os
from pathlib import Path
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.images.docker import Docker


class Ecr:
    def get_authorization_token(self) -> dict[str, Any]:
        token = base64.b64encode(b"AWS:the password").decode()
        return {"authorizationData": [{"authorizationToken": token}]}


def docker(folder: Path, script: str, waits: list[float] | None = None) -> Docker:
    """A docker that runs this script, and notes its arguments and its input."""
    program = folder / "docker"
    log = folder / "log"
    program.write_text(f'#!/bin/sh\necho "$@" >>{log}\ncat >>{log}.input\n{script}\n')
    program.chmod(0o755)
    waits = [] if waits is None else waits
    return Docker(str(program), {"PATH": os.environ["PATH"]}, waits.append)


def calls(folder: Path) -> list[str]:
    return (folder / "log").read_text().splitlines()


def test_the_password_is_no_argument(tmp_path: Path) -> None:
    docker(tmp_path, "").login(Ecr(), "registry.example.com")

    assert calls(tmp_path) == ["login --username AWS --password-stdin registry.example.com"]
    assert (tmp_path / "log.input").read_text() == "the password"


def test_a_push_is_tried_again_after_a_pause(tmp_path: Path) -> None:
    waits: list[float] = []
    script = f'[ "$1" != push ] || [ "$(grep -c ^push {tmp_path}/log)" = 3 ] || {{ echo reset >&2; exit 1; }}'

    docker(tmp_path, script, waits).push("a:1", "b:1")

    assert calls(tmp_path) == ["tag a:1 b:1", *["push b:1"] * 3]
    assert waits == [2, 4]


def test_a_push_that_fails_three_times_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="push b:1 failed: reset by peer"):
        docker(tmp_path, '[ "$1" != push ] || { echo reset by peer >&2; exit 1; }').push(
            "a:1", "b:1"
        )

    assert calls(tmp_path).count("push b:1") == 3


@pytest.mark.parametrize("message", [
    "tag invalid: The image tag '1' already exists and cannot be overwritten because the tag is immutable.",
    "denied: User is not authorized", "no basic auth credentials",
])  # fmt: skip
def test_a_refused_push_is_not_tried_again(tmp_path: Path, message: str) -> None:
    (tmp_path / "message").write_text(message)
    script = f'[ "$1" != push ] || {{ cat {tmp_path}/message >&2; exit 1; }}'

    with pytest.raises(OperatorError, match="push b:1 failed"):
        docker(tmp_path, script).push("a:1", "b:1")

    assert calls(tmp_path).count("push b:1") == 1


def test_a_machine_without_docker_or_daemon_is_told_so(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match=r"nodocker is not on PATH\. Install Docker"):
        Docker("nodocker", {"PATH": str(tmp_path)}).require()
    with pytest.raises(
        OperatorError, match="cannot build here: Cannot connect to the Docker daemon"
    ):
        docker(tmp_path, "echo Cannot connect to the Docker daemon >&2; exit 1").require()


def test_the_build_has_labels_and_arguments(tmp_path: Path) -> None:
    docker(tmp_path, "").build("a:1", "Dockerfile", {"x": "y"}, tmp_path, ["USER=root"])

    assert calls(tmp_path) == [
        "build --file Dockerfile --tag a:1 --label=x=y --build-arg=USER=root ."
    ]


def test_a_failed_build_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="failed with exit code 7"):
        docker(tmp_path, "exit 7").build("a:1", "Dockerfile", {}, tmp_path, [])
