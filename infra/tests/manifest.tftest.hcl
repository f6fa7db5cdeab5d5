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
  logs                 = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000", retention_days = 365 }
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
    condition     = { for key, function in output.functions : key => function.name } == { create_schema = "ml-core-development-create-schema", update_schema = "ml-core-development-update-schema" }
    error_message = "The functions are named {prefix}-create-schema and {prefix}-update-schema."
  }

  assert {
    condition     = local.settings.create_schema.SOURCE_BUCKET == var.buckets.source.name && local.settings.create_schema.WORKFLOW_BUCKET == var.buckets.workflow.name
    error_message = "create_schema knows the source bucket and the workflow bucket."
  }

  assert {
    condition     = toset(keys(local.settings.update_schema)) == toset(["LOG_LEVEL", "SERVICE", "STAGE"])
    error_message = "update_schema receives only the settings that it reads."
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
