"""Every kind of endpoint configuration on localaws: apply, a plan without changes, destroy."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from localaws.testing import LocalAws, running
from tests.terraform.runner import configured

CONFIGURATION = """
terraform {
  required_providers {
    aws = { source = "hashicorp/aws" }
  }
}

provider "aws" {}

locals {
  image = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/served:1"
}

data "aws_iam_policy_document" "trust" {
  statement {
    actions = ["sts:AssumeRole"]
    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }
  }
}

resource "aws_iam_role" "model" {
  name               = "model"
  assume_role_policy = data.aws_iam_policy_document.trust.json
}

resource "aws_sns_topic" "async" {
  name = "async"
}

resource "aws_kms_key" "this" {
  description         = "captured data"
  enable_key_rotation = true
}

resource "aws_sagemaker_model" "one" {
  name               = "one"
  execution_role_arn = aws_iam_role.model.arn

  primary_container {
    image = local.image
  }
}

resource "aws_sagemaker_model" "pipeline" {
  name               = "pipeline"
  execution_role_arn = aws_iam_role.model.arn

  dynamic "container" {
    for_each = ["scaler", "model"]
    content {
      image              = local.image
      container_hostname = container.value
      environment        = { PART = container.value }
    }
  }

  inference_execution_config {
    mode = "Direct"
  }
}

resource "aws_sagemaker_endpoint_configuration" "captured" {
  name = "captured"

  production_variants {
    variant_name           = "live"
    model_name             = aws_sagemaker_model.one.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
    initial_variant_weight = 1
  }

  shadow_production_variants {
    variant_name           = "shadow"
    model_name             = aws_sagemaker_model.one.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
    initial_variant_weight = 0.5
  }

  data_capture_config {
    enable_capture              = true
    initial_sampling_percentage = 50
    destination_s3_uri          = "s3://captured/prefix"
    kms_key_id                  = aws_kms_key.this.arn

    capture_options {
      capture_mode = "Input"
    }

    capture_options {
      capture_mode = "Output"
    }

    capture_content_type_header {
      csv_content_types  = ["text/csv"]
      json_content_types = ["application/json"]
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "serverless" {
  name = "serverless"

  production_variants {
    variant_name = "only"
    model_name   = aws_sagemaker_model.one.name

    serverless_config {
      memory_size_in_mb       = 2048
      max_concurrency         = 5
      provisioned_concurrency = 1
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "async" {
  name = "async"

  production_variants {
    variant_name           = "only"
    model_name             = aws_sagemaker_model.one.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }

  async_inference_config {
    client_config {
      max_concurrent_invocations_per_instance = 2
    }

    output_config {
      s3_output_path  = "s3://async/output"
      s3_failure_path = "s3://async/failures"
      kms_key_id      = aws_kms_key.this.arn

      notification_config {
        success_topic                 = aws_sns_topic.async.arn
        error_topic                   = aws_sns_topic.async.arn
        include_inference_response_in = ["SUCCESS_NOTIFICATION_TOPIC"]
      }
    }
  }
}

resource "aws_sagemaker_endpoint_configuration" "pipeline" {
  name = "pipeline"

  production_variants {
    variant_name           = "only"
    model_name             = aws_sagemaker_model.pipeline.name
    initial_instance_count = 1
    instance_type          = "ml.m5.large"
  }
}
"""


@pytest.fixture(scope="module")
def localaws(tmp_path_factory: pytest.TempPathFactory) -> Iterator[LocalAws]:
    image = tmp_path_factory.mktemp("image")
    with running(tmp_path_factory.mktemp("localaws"), "--image", f"served={image}") as server:
        yield server


def test_apply_plan_and_destroy(
    localaws: LocalAws, tmp_path_factory: pytest.TempPathFactory
) -> None:
    folder = tmp_path_factory.mktemp("configs")
    with configured(folder, CONFIGURATION, localaws.environment) as terraform:
        terraform.run("apply", "-auto-approve", input=False)
        assert "No changes" in terraform.run("plan", input=False)
        sagemaker = localaws.client("sagemaker")
        described = sagemaker.describe_endpoint_config(EndpointConfigName="captured")
        assert described["DataCaptureConfig"]["InitialSamplingPercentage"] == 50
        assert described["ShadowProductionVariants"][0]["InitialVariantWeight"] == 0.5
        described = sagemaker.describe_endpoint_config(EndpointConfigName="async")
        assert described["AsyncInferenceConfig"]["OutputConfig"]["S3FailurePath"]
        terraform.run("destroy", "-auto-approve", input=False)
        assert sagemaker.list_endpoint_configs()["EndpointConfigs"] == []
        assert sagemaker.list_models()["Models"] == []
