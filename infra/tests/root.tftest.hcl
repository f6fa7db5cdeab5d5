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
        "drift_step_function_arn", "image_repository_url", "inference_api_url", "inference_step_function_arn", "kms_key",
        "model_package_group_prefix", "pipeline_name",
        "sagemaker_role_arn", "source_bucket", "training_step_function_arn", "update_schema_lambda_name",
        "workflow_bucket",
      ] : "/ml-core/development/${name}"
    ])
    error_message = "Scripts find all names below /{service}/{stage}/."
  }

  assert {
    condition     = length(module.app) == 0 && output.app_dns_name == null
    error_message = "The sentiment app is off by default."
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

run "rejects_wrong_values" {
  command = plan

  variables {
    access_log_bucket        = "Logs"
    account_role_arn         = "123456789012"
    aws_region               = "eu-west-1a"
    build_stage              = "test"
    image_signer_arns        = ["arn:aws:iam::123456789012:role/*"]
    inference_api            = { probe = { enabled = true } }
    kms_deletion_window_days = 5
    notification_emails      = { approval = ["somebody"] }
    retention_days           = { logs = 100 }
    service                  = "ML-Core"
    tags                     = { Stage = "other" }
  }

  expect_failures = [
    var.access_log_bucket,
    var.account_role_arn,
    var.aws_region,
    var.build_stage,
    var.image_signer_arns,
    var.inference_api,
    var.kms_deletion_window_days,
    var.notification_emails,
    var.retention_days,
    var.service,
    var.tags,
  ]
}

run "rejects_other_wrong_values" {
  command = plan

  variables {
    build_stage    = "production"
    force_destroy  = true
    retention_days = { artifacts = 7 }
    service        = "a123456789-123456789-12"
    tags           = { "aws:owner" = "x" }
  }

  expect_failures = [var.force_destroy, var.retention_days, var.service, var.tags]
}

run "rejects_captures_that_expire_before_they_are_compared" {
  command = plan

  variables {
    monitoring     = { window_hours = 72 }
    retention_days = { captures = 2 }
  }

  expect_failures = [var.retention_days]
}

run "rejects_more_wrong_values" {
  command = plan

  variables {
    app            = { allowed_cidrs = ["10.0.0.0/8"], image = "app", subnet_ids = ["subnet-0a"], vpc_id = "vpc-0a" }
    inference_api  = { authorization = "JWT", jwt = { issuer = "https://login.example.com", audience = ["predictions"] } }
    retention_days = { versions = 0 }
    service        = "ml-core-"
  }

  expect_failures = [var.app, var.retention_days, var.service]
}
