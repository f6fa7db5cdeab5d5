"""The resources of CodeCommit and CodeConnections on localaws: apply, plan without changes, destroy."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest
from python_terraform import IsFlagged, IsNotFlagged

from tests.terraform.runner import Terraform, client_environment, configured

ACCOUNT = "123456789012"
REGION = "eu-west-1"
CONFIGURATION = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100, < 7"
    }
  }
}

resource "aws_codecommit_repository" "this" {
  repository_name = "terraform-made"
  description     = "An app"
  tags            = { team = "ml" }
}

resource "aws_sns_topic" "this" {
  name = "pushes"
}

resource "aws_codecommit_trigger" "this" {
  repository_name = aws_codecommit_repository.this.repository_name

  trigger {
    name            = "all"
    events          = ["all"]
    destination_arn = aws_sns_topic.this.arn
  }
}

resource "aws_codeconnections_connection" "this" {
  name          = "terraform-made"
  provider_type = "GitHub"
  tags          = { team = "ml" }
}

resource "aws_codestarconnections_connection" "this" {
  name          = "terraform-older"
  provider_type = "GitLab"
}

output "arns" {
  value = [aws_codeconnections_connection.this.arn, aws_codestarconnections_connection.this.arn]
}
"""


@pytest.fixture
def terraform(localaws: str, tmp_path: Path) -> Iterator[Terraform]:
    with configured(tmp_path, CONFIGURATION, client_environment(localaws)) as terraform:
        yield terraform


def test_repositories_triggers_and_connections(terraform: Terraform, localaws: str) -> None:
    def client(service: str) -> Any:
        return boto3.client(
            service, endpoint_url=localaws, region_name=REGION,
            aws_access_key_id="test", aws_secret_access_key="test",
        )  # fmt: skip

    terraform.run("apply", auto_approve=IsFlagged, input=False)
    arns = json.loads(terraform.cmd("output", json=IsFlagged)[1])["arns"]["value"]
    assert [arn.split(":")[2] for arn in arns] == ["codeconnections", "codestar-connections"]
    found = client("codeconnections").list_connections()["Connections"]
    assert {known["ConnectionStatus"] for known in found} == {"PENDING"}
    triggers = client("codecommit").get_repository_triggers(repositoryName="terraform-made")
    assert [trigger["name"] for trigger in triggers["triggers"]] == ["all"]
    # 0 stands for no changes, 2 for changes.
    terraform.run("plan", detailed_exitcode=IsFlagged, input=False, expected=0)
    terraform.run("destroy", auto_approve=IsFlagged, input=False, force=IsNotFlagged)
    assert client("codecommit").list_repositories()["repositories"] == []
    assert client("codeconnections").list_connections()["Connections"] == []
