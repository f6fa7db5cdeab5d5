mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  buckets = {
    source   = { name = "ml-core-development-123456789012-source-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-source-bucket" }
    workflow = { name = "ml-core-development-123456789012-workflow-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-workflow-bucket" }
  }
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs        = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000", retention_days = 365 }
  package_dir = "./no/such/folder"
  pipeline    = { name = "ml-core-development-ml-pipeline", arn = "arn:aws:codepipeline:eu-west-1:123456789012:ml-core-development-ml-pipeline" }
  prefix      = "ml-core-development"
}

run "defaults" {
  command = plan

  module {
    source = "./modules/job_package"
  }

  assert {
    condition     = module.function.name == "ml-core-development-start-job"
    error_message = "The function is named {prefix}-start-job."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.this.event_pattern).detail.object.key[0].prefix == "jobs/" && jsondecode(aws_cloudwatch_event_rule.this.event_pattern).detail.bucket.name == [var.buckets.source.name]
    error_message = "Only uploads to jobs/ of the source bucket call the function: its own answers do not."
  }

  assert {
    condition     = aws_lambda_permission.this.principal == "events.amazonaws.com"
    error_message = "EventBridge may call the function."
  }

  assert {
    condition     = alltrue([for statement in data.aws_iam_policy_document.function.statement : !contains(statement.resources, "*")])
    error_message = "No statement is for every resource."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/job_package"
  }

  variables {
    alarm_topic_arn = "alarms"
    kms_key_arn     = "alias/key"
    pipeline        = { name = "pipeline", arn = "pipeline" }
    prefix          = "NotAPrefix"
  }

  expect_failures = [var.alarm_topic_arn, var.kms_key_arn, var.pipeline, var.prefix]
}
