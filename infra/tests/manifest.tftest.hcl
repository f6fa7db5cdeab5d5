mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  buckets = {
    source   = { name = "ml-core-development-123456789012-source-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-source-bucket" }
    workflow = { name = "ml-core-development-123456789012-workflow-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-workflow-bucket" }
  }
  image_repository_url = "123456789012.dkr.ecr.eu-west-1.amazonaws.com/ml-core-development-workflow"
  kms_key_arn          = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  log_kms_key_arn      = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  package_dir          = "./no/such/folder"
  prebuilt_image_uri   = "141502667606.dkr.ecr.eu-west-1.amazonaws.com/sagemaker-scikit-learn:1.4-2-cpu-py3"
  prefix               = "ml-core-development"
  stack                = { service = "ml-core", stage = "development" }
}

run "defaults" {
  command = plan

  module {
    source = "./modules/manifest"
  }

  assert {
    condition     = { for k, f in aws_lambda_function.this : k => f.function_name } == { create_schema = "ml-core-development-create-schema", update_schema = "ml-core-development-update-schema" }
    error_message = "The functions are named {prefix}-create-schema and {prefix}-update-schema."
  }

  assert {
    condition     = alltrue([for k, f in aws_lambda_function.this : f.filename == "./no/such/folder/${k}.zip"])
    error_message = "A plan works before the packages are built."
  }

  assert {
    condition     = alltrue([for f in aws_lambda_function.this : f.runtime == "python3.13" && f.handler == "handler.handler" && f.tracing_config[0].mode == "Active" && f.kms_key_arn == var.kms_key_arn])
    error_message = "The functions run handler.py on Python 3.13, traced, with encrypted settings."
  }

  assert {
    condition     = aws_lambda_function.this["create_schema"].environment[0].variables["SOURCE_BUCKET"] == var.buckets.source.name && aws_lambda_function.this["create_schema"].environment[0].variables["WORKFLOW_BUCKET"] == var.buckets.workflow.name
    error_message = "create_schema knows the source bucket and the workflow bucket."
  }

  assert {
    condition     = toset(keys(aws_lambda_function.this["update_schema"].environment[0].variables)) == toset(["LOG_LEVEL", "SERVICE", "STAGE"])
    error_message = "update_schema receives only the settings that it reads."
  }

  assert {
    condition     = alltrue([for l in aws_cloudwatch_log_group.this : l.kms_key_id == var.log_kms_key_arn && l.retention_in_days == 365])
    error_message = "Logs are encrypted and kept for a year."
  }

  assert {
    condition     = alltrue([for al in aws_cloudwatch_metric_alarm.errors : al.alarm_actions == toset([var.alarm_topic_arn])])
    error_message = "A crash triggers an alarm."
  }
}

run "rejects_invalid_account_id" {
  command = plan

  module {
    source = "./modules/manifest"
  }

  variables {
    account = { id = "1234", partition = "aws", region = "eu-west-1" }
  }

  expect_failures = [var.account]
}

run "rejects_alarm_topic_name_instead_of_arn" {
  command = plan

  module {
    source = "./modules/manifest"
  }

  variables {
    alarm_topic_arn = "alarms"
  }

  expect_failures = [var.alarm_topic_arn]
}

run "rejects_kms_alias_instead_of_arn" {
  command = plan

  module {
    source = "./modules/manifest"
  }

  variables {
    kms_key_arn = "alias/ml-core-development"
  }

  expect_failures = [var.kms_key_arn]
}

run "rejects_prefix_in_capitals" {
  command = plan

  module {
    source = "./modules/manifest"
  }

  variables {
    prefix = "ML-Core-Development"
  }

  expect_failures = [var.prefix]
}
