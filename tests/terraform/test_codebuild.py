"""The resources of CodeBuild on localaws: applied, planned without changes, updated and destroyed."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.terraform.runner import Terraform, client_environment, configured

CONFIGURATION = """
terraform {
  required_providers {
    aws = {
      source  = "hashicorp/aws"
      version = ">= 5.100"
    }
  }
}

provider "aws" {
  region                      = "eu-west-1"
  skip_credentials_validation = true
  skip_requesting_account_id  = false
  skip_metadata_api_check     = true
  s3_use_path_style           = true
}

variable "description" {
  type    = string
  default = "Builds"
}

resource "aws_iam_role" "build" {
  name = "terraform-codebuild"
  assume_role_policy = jsonencode({
    Version = "2012-10-17"
    Statement = [{
      Effect    = "Allow"
      Principal = { Service = "codebuild.amazonaws.com" }
      Action    = "sts:AssumeRole"
    }]
  })
}

resource "aws_s3_bucket" "this" {
  bucket = "terraform-codebuild"
}

resource "aws_codebuild_project" "pipeline" {
  name           = "terraform-pipeline"
  description    = var.description
  service_role   = aws_iam_role.build.arn
  build_timeout  = 30
  queued_timeout = 60
  encryption_key = "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"

  artifacts {
    type = "CODEPIPELINE"
  }

  source {
    type      = "CODEPIPELINE"
    buildspec = "cicd/buildspecs/plan.yml"
  }

  environment {
    type            = "LINUX_CONTAINER"
    image           = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
    compute_type    = "BUILD_GENERAL1_SMALL"
    privileged_mode = true

    environment_variable {
      name  = "STAGE"
      value = "development"
    }

    environment_variable {
      name  = "TOKEN"
      value = "/team/token"
      type  = "PARAMETER_STORE"
    }
  }

  cache {
    type  = "LOCAL"
    modes = ["LOCAL_CUSTOM_CACHE"]
  }

  logs_config {
    cloudwatch_logs {
      group_name = "/aws/codebuild/terraform-pipeline"
    }

    s3_logs {
      status   = "ENABLED"
      location = "${aws_s3_bucket.this.id}/logs"
    }
  }

  tags = { Team = "platform" }
}

resource "aws_codebuild_project" "github" {
  name                   = "terraform-github"
  service_role           = aws_iam_role.build.arn
  source_version         = "main"
  concurrent_build_limit = 2

  artifacts {
    type      = "S3"
    location  = aws_s3_bucket.this.id
    path      = "artifacts"
    packaging = "ZIP"
  }

  secondary_artifacts {
    artifact_identifier = "report"
    type                = "S3"
    location            = aws_s3_bucket.this.id
    path                = "reports"
  }

  source {
    type            = "GITHUB"
    location        = "https://github.com/acme/service.git"
    git_clone_depth = 1
  }

  secondary_sources {
    source_identifier = "data"
    type              = "S3"
    location          = "${aws_s3_bucket.this.id}/data.zip"
  }

  cache {
    type     = "S3"
    location = "${aws_s3_bucket.this.id}/cache"
  }

  environment {
    type         = "LINUX_CONTAINER"
    image        = "aws/codebuild/standard:7.0"
    compute_type = "BUILD_GENERAL1_MEDIUM"
  }
}

resource "aws_codebuild_report_group" "tests" {
  name           = "terraform-tests"
  type           = "TEST"
  delete_reports = true

  export_config {
    type = "S3"

    s3_destination {
      bucket              = aws_s3_bucket.this.id
      encryption_disabled = false
      encryption_key      = "arn:aws:kms:eu-west-1:123456789012:alias/aws/s3"
      packaging           = "NONE"
      path                = "/reports"
    }
  }
}

resource "aws_codebuild_report_group" "coverage" {
  name = "terraform-coverage"
  type = "CODE_COVERAGE"

  export_config {
    type = "NO_EXPORT"
  }
}

resource "aws_codebuild_source_credential" "github" {
  auth_type   = "PERSONAL_ACCESS_TOKEN"
  server_type = "GITHUB"
  token       = "not-a-real-token"
}
"""


@pytest.fixture
def terraform(localaws: str, tmp_path: Path) -> Iterator[Terraform]:
    with configured(tmp_path, CONFIGURATION, client_environment(localaws)) as terraform:
        yield terraform


def test_the_resources_of_codebuild_are_applied_updated_and_destroyed(terraform: Terraform) -> None:
    terraform.run("apply", "-auto-approve", "-input=false")
    terraform.run("plan", "-detailed-exitcode", "-input=false")
    changed = "-var=description=Builds of the platform team"
    assert "1 changed" in terraform.run("apply", "-auto-approve", "-input=false", changed)
    terraform.run("destroy", "-auto-approve", "-input=false")
