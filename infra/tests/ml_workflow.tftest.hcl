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
  definition_dir        = "../workflow/state_machines"
  image_repository_arns = ["arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"]
  kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  log_kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix                = "ml-core-development"
}

run "defaults" {
  command = apply

  module {
    source = "./modules/ml_workflow"
  }

  assert {
    condition     = { for k, m in aws_sfn_state_machine.this : k => m.name } == { inference = "ml-core-development-inference", training = "ml-core-development-training" }
    error_message = "The state machines are named {prefix}-training and {prefix}-inference."
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.this["training"].definition, aws_iam_role.sagemaker.arn)
    error_message = "The jobs run with the SageMaker role."
  }

  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.this : !strcontains(m.definition, "$${") && can(jsondecode(m.definition).StartAt)])
    error_message = "The definitions are JSON, with every value filled in."
  }

  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.this : m.logging_configuration[0].level == "ALL" && m.logging_configuration[0].include_execution_data && m.tracing_configuration[0].enabled])
    error_message = "Executions are logged and traced."
  }

  assert {
    condition     = aws_sfn_state_machine.this["training"].role_arn == aws_iam_role.machine["training"].arn
    error_message = "Each machine has its own role."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.training.statement : one(s.condition).variable == "iam:PassedToService" if contains(s.actions, "iam:PassRole")])
    error_message = "The training machine passes the role only to SageMaker."
  }

  assert {
    condition     = alltrue([for l in aws_cloudwatch_log_group.this : startswith(l.name, "/aws/vendedlogs/states/ml-core-development-") && l.kms_key_id == var.log_kms_key_arn])
    error_message = "Logs are encrypted."
  }

  assert {
    condition     = alltrue([for al in aws_cloudwatch_metric_alarm.failed : al.alarm_actions == toset([var.alarm_topic_arn])])
    error_message = "A failed execution triggers an alarm."
  }
}

run "rejects_invalid_account_id" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    account = { id = "1234", partition = "aws", region = "eu-west-1" }
  }

  expect_failures = [var.account]
}

run "rejects_alarm_topic_name_instead_of_arn" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    alarm_topic_arn = "alarms"
  }

  expect_failures = [var.alarm_topic_arn]
}

run "rejects_kms_alias_instead_of_arn" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    kms_key_arn = "alias/ml-core-development"
  }

  expect_failures = [var.kms_key_arn]
}

run "rejects_image_repository_with_wildcard" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    image_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/*"]
  }

  expect_failures = [var.image_repository_arns]
}

run "rejects_prefix_in_capitals" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    prefix = "ML-Core-Development"
  }

  expect_failures = [var.prefix]
}

run "a_rollout_in_steps" {
  command = apply

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      type                     = "LINEAR"
      step_percent             = 20
      wait_seconds             = 1200
      termination_seconds      = 600
      max_latency_milliseconds = 500
    }
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.this["inference"].definition, "States.StringToJson('500000')")
    error_message = "The alarm on the latency has microseconds, as the metric has."
  }

  assert {
    # Five waits, the wait before the old instances stop, and an hour in which instances start.
    condition     = strcontains(aws_sfn_state_machine.this["inference"].definition, "\"MaximumSeconds.$\": \"States.StringToJson('10200')\"")
    error_message = "SageMaker gets the time that the waits need."
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.this["inference"].definition, "\"PollSeconds.$\": \"States.StringToJson('9')\"")
    error_message = "1200 looks are enough for the rollout."
  }
}

run "an_unknown_type" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      type = "BLUE_GREEN"
    }
  }

  expect_failures = [var.rollout]
}

run "a_step_that_sagemaker_would_refuse" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      type         = "LINEAR"
      step_percent = 5
    }
  }

  expect_failures = [var.rollout]
}

run "a_wait_that_is_too_long" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      termination_seconds = 3601
    }
  }

  expect_failures = [var.rollout]
}

run "waits_that_are_too_long_together" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      type         = "LINEAR"
      step_percent = 10
      wait_seconds = 3600
    }
  }

  expect_failures = [var.rollout]
}

run "an_error_rate_that_nothing_exceeds" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    rollout = {
      max_error_rate = 1
    }
  }

  expect_failures = [var.rollout]
}
