"""Tests of the Terraform: its source, its modules on a mocked provider, the whole stack on localaws."""

from __future__ import annotations

import contextlib
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.runner import ROOT, Terraform, copy_parts, initialised


@pytest.fixture(scope="session")
def mocked(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """Terraform in a copy of infra/, without backend or account."""
    with mocked_root(tmp_path_factory.mktemp("mocked"), "infra") as terraform:
        yield terraform


@pytest.fixture(scope="session")
def mocked_cicd(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    """The same for cicd/."""
    with mocked_root(tmp_path_factory.mktemp("mocked-cicd"), "cicd") as terraform:
        yield terraform


def mocked_root(folder: Path, root: str) -> contextlib.AbstractContextManager[Terraform]:
    """Terraform in a copy of a root module."""
    checkout = copy_parts(folder / "checkout")
    return initialised(checkout / root, folder / "tf", {}, backend=False)


@pytest.fixture(scope="session")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The address of a new localaws: the tests assume that nothing else is deployed to it."""
    command = [sys.executable, "-m", "localaws"]
    place = ["--state-dir", str(tmp_path_factory.mktemp("localaws"))]
    started = subprocess.run(
        [*command, "start", "--port", "0", *place],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert started.returncode == 0, started.stdout + started.stderr
    yield next(word for word in started.stdout.split() if word.startswith("http://"))
    subprocess.run([*command, "stop", *place], cwd=ROOT, check=True, capture_output=True)
