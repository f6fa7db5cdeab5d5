"""A GitHub, an AWS with the roles of cicd/modules/github_oidc, and a repository for the workflows."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from landing_zone.core.settings import load_settings
from landing_zone.stack.terraform import find_terraform, terraform_environment
from localaws.testing import LocalAws, running
from tests.local.github.fake_api import REPOSITORY, FakeGitHub
from tests.local.github.runner import ROOT, Runner
from tests.terraform.runner import aws_free_environment

MAIN = """
provider "aws" {
  region = "eu-west-1"
}

module "github_oidc" {
  source = "%(module)s"

  account        = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  branch         = "main"
  environments   = { apply = "production" }
  key_tags       = { Service = "ml-core", Stage = "production" }
  parameter_path = "/ml-core/production"
  prefix         = "ml-core-production-cicd"
  repository     = { name = "%(repository)s" }
  stack          = "ml-core-production"
  policies = {
    apply  = { all = local.policy }
    drift  = { all = local.policy }
    plan   = { all = local.policy }
    upload = { all = local.policy }
  }
}

locals {
  policy = jsonencode({
    Version   = "2012-10-17"
    Statement = [{ Effect = "Allow", Action = "sts:GetCallerIdentity", Resource = "*" }]
  })
}
"""


class Roles:
    """Terraform with the module, on localaws."""

    def __init__(self, folder: Path, endpoint_url: str) -> None:
        self.folder = folder
        environment = aws_free_environment()
        added = terraform_environment(
            load_settings(environment), environment, scratch=folder / "tf"
        )
        self.environment = {
            **environment,
            **{k: v for k, v in added.items() if v and not k.startswith("TF_VAR_")},
            "AWS_ENDPOINT_URL": endpoint_url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        self.program = find_terraform(load_settings(environment), environment)
        module = ROOT / "cicd/modules/github_oidc"
        folder.joinpath("main.tf").write_text(MAIN % {"module": module, "repository": REPOSITORY})

    def run(self, command: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [self.program, command, "-input=false", "-no-color", *arguments],
            cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False,
        )  # fmt: skip


@pytest.fixture(scope="session")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    with running(tmp_path_factory.mktemp("localaws")) as server:
        yield server


@pytest.fixture(scope="session")
def roles(tmp_path_factory: pytest.TempPathFactory, localaws: LocalAws) -> Roles:
    found = Roles(tmp_path_factory.mktemp("roles"), localaws.endpoint_url)
    for command in (["init"], ["apply", "-auto-approve"]):
        done = found.run(*command)
        assert done.returncode == 0, done.stdout + done.stderr
    return found


@pytest.fixture
def github() -> Iterator[FakeGitHub]:
    server = FakeGitHub()
    yield server
    server.close()


@pytest.fixture
def runner(tmp_path: Path, github: FakeGitHub, localaws: LocalAws, roles: Roles) -> Runner:
    return Runner(tmp_path, github, localaws.endpoint_url)
