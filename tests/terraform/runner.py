"""How the tests of this tier run Terraform."""

from __future__ import annotations

import atexit
import contextlib
import functools
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any
from unittest.mock import patch

import pytest
import python_terraform

from landing_zone.core.settings import load_settings
from landing_zone.stack.terraform import find_terraform, terraform_environment
from tests.terraform.provider import installed_provider, running_provider

ROOT = Path(__file__).parents[2]
# What the stack is made of; a copy of it never touches the checkout's state, lock or build folder.
PARTS = ("cicd", "config", "deployment-scripts", "infra", "lambdas", "sample-files", "workflow")
PATH = os.pathsep.join(
    [str(Path(sys.executable).parent), os.environ["PATH"], str(ROOT / "deployment-scripts")]
)

# Of a configuration for `configured`. Default tags make Terraform compare the tags of every resource.
PROVIDER = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {
  default_tags {
    tags = { Project = "tests" }
  }
}
"""


class Terraform(python_terraform.Terraform):  # type: ignore[misc]
    """python-terraform with an environment of its own; an unexpected exit code fails the test."""

    def __init__(self, folder: Path, environment: Mapping[str, str]) -> None:
        self.environment = dict(environment)
        program = find_terraform(load_settings(environment), environment)
        super().__init__(working_dir=str(folder), terraform_bin_path=program)

    def cmd(self, cmd: str, *args: str, **options: Any) -> tuple[int, str, str]:
        with patch.dict(os.environ, self.environment, clear=True), warnings.catch_warnings():
            # python-terraform 0.10 reports a failed command with the deprecated Logger.warn
            warnings.simplefilter("ignore", DeprecationWarning)
            return super().cmd(cmd, *args, **options)

    def run(self, command: str, *args: str, expected: int = 0, **options: Any) -> str:
        """Run a command, check its exit code, return all it printed."""
        code, out, err = self.cmd(command, *args, no_color=python_terraform.IsFlagged, **options)
        assert code == expected, f"terraform {command}: exit code {code}\n{out}\n{err}"
        return out + err


@contextlib.contextmanager
def configured(
    folder: Path, configuration: str, server: Mapping[str, str], **variables: str
) -> Iterator[Terraform]:
    """Terraform in a folder of its own, initialised for a configuration and a running localaws.

    Args:
        folder: becomes the root module; its main.tf is written.
        configuration: becomes main.tf.
        server: the environment of a client of the server.
        variables: further variables of the environment.
    """
    (folder / "main.tf").write_text(configuration)
    keys = {key: value for key, value in server.items() if key.startswith("AWS_")}
    with initialised(folder, folder / "tf", {**keys, **variables}) as terraform:
        yield terraform


@contextlib.contextmanager
def initialised(
    root: Path, scratch: Path, variables: Mapping[str, str], **options: Any
) -> Iterator[Terraform]:
    """Terraform in a root module after `terraform init`, with a provider that its commands share.

    Args:
        root: the folder of the root module.
        scratch: for what Terraform and the scripts leave behind.
        variables: added to the environment, which has none that lead to AWS.
        options: of `terraform init`.
    """
    environment = environment_of_terraform(scratch, variables)
    with running_provider(provider(), root, environment) as attached:
        terraform = Terraform(root, {**environment, **attached})
        terraform.run("init", input=False, **options)
        yield terraform


@functools.cache
def provider() -> Path:
    """The program of the provider that infra/ requires; the test is skipped where none can be installed."""
    folder = Path(tempfile.mkdtemp(prefix="provider-"))
    atexit.register(shutil.rmtree, folder)
    shutil.copy(ROOT / "infra/versions.tf", folder)
    environment = environment_of_terraform(folder / "tf", {})
    terraform = Terraform(folder, environment)
    code, out, err = terraform.cmd("init", backend=False, input=False)
    if code and "Failed to query available provider packages" in err:
        pytest.skip(f"no mirror has the AWS provider and the registry does not answer: {err}")
    assert code == 0, out + err
    return installed_provider(Path(environment["TF_DATA_DIR"]))


def environment_of_terraform(scratch: Path, variables: Mapping[str, str]) -> dict[str, str]:
    """What the scripts add for Terraform, without the TF_VAR_: the configurations of the tests set theirs."""
    settings = aws_free_environment()
    found = terraform_environment(load_settings(settings), settings, scratch=scratch)
    kept = {key: value for key, value in found.items() if not key.startswith("TF_VAR_")}
    return {key: value for key, value in {**settings, **kept, **variables}.items() if value}


def client_environment(url: str) -> dict[str, str]:
    """The environment of a client of a localaws."""
    keys = {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}
    return {**keys, "AWS_REGION": "eu-west-1", "AWS_ENDPOINT_URL": url}


def copy_parts(target: Path) -> Path:
    """A checkout as it comes from Git, without what Terraform and the scripts leave behind."""
    ignore = shutil.ignore_patterns(".terraform*", "__pycache__", "*.tfstate*")
    for part in PARTS:
        shutil.copytree(ROOT / part, target / part, ignore=ignore)
    return target


def aws_free_environment() -> dict[str, str]:
    """The environment without variables that lead to an AWS account or change the settings."""
    dropped = ("AWS_", "TF_VAR_", "SERVICE", "BUILD_STAGE", "STATE_BUCKET")
    kept = {key: value for key, value in os.environ.items() if not key.startswith(dropped)}
    return {**kept, "SERVICE": "ml-core", "PATH": PATH, "PYTHON": sys.executable}
