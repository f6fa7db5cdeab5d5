mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account     = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix      = "ml-core-development"
  emails      = { approval = ["lead@example.com"], alarm = ["ops@example.com", "lead@example.com"] }
}

run "defaults" {
  command = plan

  module {
    source = "./modules/notification"
  }

  assert {
    condition     = alltrue([for t in aws_sns_topic.this : t.kms_master_key_id == var.kms_key_arn])
    error_message = "Both topics are encrypted."
  }

  assert {
    condition     = length(aws_sns_topic_subscription.email) == 3
    error_message = "Each address is subscribed once per topic."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.alarm.statement : one(s.condition).variable == "aws:SourceAccount"])
    error_message = "Only this account's alarms and events may publish."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/notification"
  }

  variables {
    account     = { id = "1234", partition = "aws", region = "eu-west-1" }
    emails      = { approval = ["lead"] }
    kms_key_arn = "alias/ml-core-development"
    prefix      = "ML-Core-Development"
  }

  expect_failures = [var.account, var.emails, var.kms_key_arn, var.prefix]
}
