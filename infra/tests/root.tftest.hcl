mock_provider "aws" {
  source = "./tests/mocks"
}

# Applied to the mocked provider, so that values which are known only after an apply can be asserted.
run "defaults" {

  assert {
    condition     = output.pipeline_name == "ml-core-development-ml-pipeline"
    error_message = "The pipeline is named {prefix}-ml-pipeline."
  }

  assert {
    condition     = output.bucket_names == { for key in ["artifact", "source", "workflow"] : key => module.storage.buckets[key].name }
    error_message = "The buckets are keyed by their word."
  }

  assert {
    condition = toset(values(output.parameter_names)) == toset([
      for name in [
        "approval_topic_arn", "artifact_bucket", "create_schema_lambda_name", "deploy_step_function_arn",
        "image_repository_url", "inference_api_url", "inference_step_function_arn", "kms_key",
        "model_package_group_prefix", "pipeline_name",
        "sagemaker_role_arn", "source_bucket", "training_step_function_arn", "update_schema_lambda_name",
        "workflow_bucket",
      ] : "/ml-core/development/${name}"
    ])
    error_message = "Scripts find all names below /{service}/{stage}/."
  }

  assert {
    condition     = local.prebuilt_repository_arn == "arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"
    error_message = "The SageMaker role may pull from the repository of the prebuilt image."
  }

  assert {
    condition     = output.prebuilt_image_uri == "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
    error_message = "The prebuilt image is scikit-learn 1.4-2."
  }
}

run "accepts_the_longest_service" {
  variables {
    service       = "a123456789-123456789-1"
    build_stage   = "development"
    inference_api = { probe = { enabled = true, use_cases = ["iris", "reviews"] } }
  }

  assert {
    condition     = local.probe_rows["iris"][0] == "5.1,3.5,1.4,0.2" && length(local.probe_rows["reviews"]) == 3
    error_message = "The API is probed with the first rows of the samples."
  }

  assert {
    condition     = length("${local.prefix}-${local.account.id}-workflow-bucket") == 63
    error_message = "With the longest service and stage the longest bucket name has the 63 characters that S3 allows."
  }
}

run "rejects_access_log_bucket_in_capitals" {
  command = plan

  variables {
    access_log_bucket = "Logs"
  }

  expect_failures = [var.access_log_bucket]
}

run "rejects_account_instead_of_role" {
  command = plan

  variables {
    account_role_arn = "123456789012"
  }

  expect_failures = [var.account_role_arn]
}

run "rejects_availability_zone_instead_of_region" {
  command = plan

  variables {
    aws_region = "eu-west-1a"
  }

  expect_failures = [var.aws_region]
}

run "rejects_a_probe_of_nothing" {
  command = plan

  variables {
    inference_api = { probe = { enabled = true } }
  }

  expect_failures = [var.inference_api]
}

run "rejects_unknown_stage" {
  command = plan

  variables {
    build_stage = "test"
  }

  expect_failures = [var.build_stage]
}

run "rejects_force_destroy_in_production" {
  command = plan

  variables {
    build_stage   = "production"
    force_destroy = true
  }

  expect_failures = [var.force_destroy]
}

run "rejects_everybody_as_image_signer" {
  command = plan

  variables {
    image_signer_arns = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.image_signer_arns]
}

run "rejects_kms_deletion_after_5_days" {
  command = plan

  variables {
    kms_deletion_window_days = 5
  }

  expect_failures = [var.kms_deletion_window_days]
}

run "rejects_invalid_notification_address" {
  command = plan

  variables {
    notification_emails = { approval = ["somebody"] }
  }

  expect_failures = [var.notification_emails]
}

run "rejects_logs_kept_for_100_days" {
  command = plan

  variables {
    retention_days = { logs = 100 }
  }

  expect_failures = [var.retention_days]
}

run "rejects_artifacts_kept_for_7_days" {
  command = plan

  variables {
    retention_days = { artifacts = 7 }
  }

  expect_failures = [var.retention_days]
}

run "rejects_versions_kept_for_0_days" {
  command = plan

  variables {
    retention_days = { versions = 0 }
  }

  expect_failures = [var.retention_days]
}

run "rejects_service_in_capitals" {
  command = plan

  variables {
    service = "ML-Core"
  }

  expect_failures = [var.service]
}

run "rejects_service_of_23_characters" {
  command = plan

  variables {
    service = "a123456789-123456789-12"
  }

  expect_failures = [var.service]
}

run "rejects_service_ending_in_a_hyphen" {
  command = plan

  variables {
    service = "ml-core-"
  }

  expect_failures = [var.service]
}

run "rejects_tag_that_the_stack_sets" {
  command = plan

  variables {
    tags = { Stage = "other" }
  }

  expect_failures = [var.tags]
}

run "rejects_tag_reserved_by_aws" {
  command = plan

  variables {
    tags = { "aws:owner" = "x" }
  }

  expect_failures = [var.tags]
}
