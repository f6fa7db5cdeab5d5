"""The AWS provider's resource for pipelines, with triggers, conditions and builds, on localaws."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.terraform.runner import Terraform, client_environment, configured

CONNECTION = (
    "arn:aws:codeconnections:eu-west-1:123456789012:connection/11111111-2222-3333-4444-555555555555"
)
CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws", version = ">= 5.100" }
  }
}

variable "triggers" {
  type    = bool
  default = true
}

resource "aws_iam_role" "pipeline" {
  name = "git-pipeline"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codepipeline.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_codepipeline" "this" {
  name           = "git-pipeline"
  role_arn       = aws_iam_role.pipeline.arn
  pipeline_type  = "V2"
  execution_mode = "QUEUED"

  artifact_store {
    location = "artifacts"
    type     = "S3"
  }

  variable {
    name          = "Deploy"
    default_value = "yes"
  }

  dynamic "trigger" {
    for_each = var.triggers ? [1] : []
    content {
      provider_type = "CodeStarSourceConnection"
      git_configuration {
        source_action_name = "Git"
        push {
          branches { includes = ["main", "release/**"] }
          file_paths { excludes = ["**.md"] }
        }
        push {
          tags { includes = ["v*"] }
        }
        pull_request {
          events = ["OPEN", "UPDATED"]
          branches { includes = ["main"] }
        }
      }
    }
  }

  stage {
    name = "Source"
    action {
      name             = "Git"
      category         = "Source"
      owner            = "AWS"
      provider         = "CodeStarSourceConnection"
      version          = "1"
      namespace        = "Source"
      output_artifacts = ["Code"]
      configuration = {
        ConnectionArn    = "%s"
        FullRepositoryId = "octo/demo"
        BranchName       = "main"
      }
    }
  }

  stage {
    name = "Check"
    action {
      name               = "Test"
      category           = "Test"
      owner              = "AWS"
      provider           = "CodeBuild"
      version            = "1"
      input_artifacts    = ["Code"]
      output_artifacts   = ["Plan", "Reports"]
      namespace          = "Test"
      timeout_in_minutes = 30
      configuration = {
        ProjectName = "checks"
        EnvironmentVariables = jsonencode([
          { name = "COMMIT", value = "#{Source.CommitId}", type = "PLAINTEXT" },
        ])
      }
    }
    before_entry {
      condition {
        result = "SKIP"
        rule {
          name = "Wanted"
          rule_type_id {
            category = "Rule"
            owner    = "AWS"
            provider = "VariableCheck"
            version  = "1"
          }
          configuration = { Operator = "EQ", Variable = "#{variables.Deploy}", Value = "yes" }
        }
      }
    }
    on_success {
      condition {
        result = "FAIL"
        rule {
          name = "Window"
          rule_type_id {
            category = "Rule"
            owner    = "AWS"
            provider = "DeploymentWindow"
            version  = "1"
          }
          configuration = { Cron = "* * * * * *", TimeZone = "Europe/Dublin" }
        }
      }
    }
    on_failure {
      result = "RETRY"
      retry_configuration {
        retry_mode = "ALL_ACTIONS"
      }
    }
  }

  stage {
    name = "Approve"
    action {
      name     = "Approve"
      category = "Approval"
      owner    = "AWS"
      provider = "Manual"
      version  = "1"
    }
    on_failure {
      condition {
        result = "ROLLBACK"
        rule {
          name = "Alarm"
          rule_type_id {
            category = "Rule"
            owner    = "AWS"
            provider = "CloudWatchAlarm"
            version  = "1"
          }
          configuration = { AlarmName = "errors", WaitTime = "5" }
        }
      }
    }
  }
}
"""


@pytest.fixture(scope="module")
def terraform(localaws: str, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Terraform]:
    folder = tmp_path_factory.mktemp("pipeline")
    with configured(folder, CONFIGURATION % CONNECTION, client_environment(localaws)) as made:
        yield made


def pipeline(localaws: str) -> dict[str, Any]:
    client = boto3.client(
        "codepipeline",
        region_name="eu-west-1",
        endpoint_url=localaws,
        aws_access_key_id="test",
        aws_secret_access_key="test",
    )
    found: dict[str, Any] = client.get_pipeline(name="git-pipeline")["pipeline"]
    return found


def apply(terraform: Terraform, **variables: Any) -> None:
    """Apply, and see that a plan finds nothing left to change."""
    terraform.run("apply", auto_approve=True, input=False, var=variables)
    terraform.run("plan", detailed_exitcode=True, input=False, var=variables)


def test_a_pipeline_with_triggers_and_conditions(terraform: Terraform, localaws: str) -> None:
    apply(terraform)
    made = pipeline(localaws)
    push = made["triggers"][0]["gitConfiguration"]["push"]
    assert push[0] == {
        "branches": {"includes": ["main", "release/**"]},
        "filePaths": {"excludes": ["**.md"]},
    }
    check, approve = made["stages"][1:]
    assert check["beforeEntry"]["conditions"][0]["result"] == "SKIP"
    assert check["onSuccess"]["conditions"][0]["rules"][0]["name"] == "Window"
    assert check["onFailure"]["retryConfiguration"] == {"retryMode": "ALL_ACTIONS"}
    assert check["actions"][0]["timeoutInMinutes"] == 30
    assert approve["onFailure"]["conditions"][0]["result"] == "ROLLBACK"

    apply(terraform, triggers=False)
    changed = pipeline(localaws)
    assert changed["version"] == made["version"] + 1
    push = changed["triggers"][0]["gitConfiguration"]["push"]
    assert push == [{"branches": {"includes": ["main"]}}], "the default trigger of a V2 pipeline"

    terraform.run("destroy", auto_approve=True, input=False)
    with pytest.raises(Exception, match="does not have a pipeline with name 'git-pipeline'"):
        pipeline(localaws)
