"""Tests of the Terraform: its source, its modules on a mocked provider, the whole stack on localaws."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from landing_zone.core.settings import load_settings
from landing_zone.stack.terraform import terraform_environment
from tests.terraform.runner import ROOT, Terraform, aws_free_environment, copy_parts


@pytest.fixture(scope="session")
def mocked(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """Terraform in a copy of infra/, without backend or account."""
    return mocked_root(tmp_path_factory.mktemp("mocked"), "infra")


@pytest.fixture(scope="session")
def mocked_cicd(tmp_path_factory: pytest.TempPathFactory) -> Terraform:
    """The same for cicd/."""
    return mocked_root(tmp_path_factory.mktemp("mocked-cicd"), "cicd")


def mocked_root(folder: Path, root: str) -> Terraform:
    """Terraform in a copy of a root module."""
    environment = aws_free_environment()
    added = terraform_environment(load_settings(environment), environment, scratch=folder / "tf")
    environment = {key: value for key, value in {**environment, **added}.items() if value}
    # The tests of the modules set every variable themselves.
    environment = {k: v for k, v in environment.items() if not k.startswith("TF_VAR_")}
    terraform = Terraform(copy_parts(folder / "checkout") / root, environment)
    code, out, err = terraform.cmd("init", backend=False, input=False)
    if code and "Failed to query available provider packages" in err:
        pytest.skip(f"no mirror has the AWS provider and the registry does not answer: {err}")
    assert code == 0, out + err
    return terraform


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
