mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account            = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn    = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  deploy_machine_arn = "arn:aws:states:eu-west-1:123456789012:stateMachine:ml-core-development-deploy"
  kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs               = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000", retention_days = 365 }
  package_dir        = "./no/such/folder"
  sagemaker_role_arn = "arn:aws:iam::123456789012:role/ml-core-development-sagemaker"
  stack              = { service = "ml-core", stage = "development" }
  workflow_bucket    = { name = "ml-core-development-123456789012-workflow-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-workflow-bucket" }
}

run "a_rollout_in_steps" {
  command = apply

  module {
    source = "./modules/deployment"
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
    condition     = jsondecode(local.settings.plan_deployment.ROLLOUT).max_latency_microseconds == 500000
    error_message = "The alarm on the latency has microseconds, as the metric has."
  }

  assert {
    # Five waits, the wait before the old instances stop, and an hour in which instances start.
    condition     = local.rollout.maximum_seconds == 10200 && local.rollout.poll_seconds == 9
    error_message = "SageMaker gets the time that the waits need, and 1200 looks are enough for it."
  }

  assert {
    condition     = toset(keys(output.functions)) == toset(["plan_deployment", "test_endpoint"])
    error_message = "The state machine gets both functions."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.plan_deployment.statement : alltrue([for a in s.actions : can(regex(":(Describe|Get|List)", a))])])
    error_message = "plan_deployment only reads."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.test_endpoint.statement : s.resources if s.sid == "CallDevEndpoints"]) == toset(["arn:aws:sagemaker:eu-west-1:123456789012:endpoint/ml-core-development-*-dev"])
    error_message = "test_endpoint calls dev endpoints only."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.decision.event_pattern).detail == { ModelPackageGroupName = [{ prefix = "ml-core-development-" }], ModelApprovalStatus = ["Approved", "Rejected"] }
    error_message = "Decisions about the models of this deployment start a deployment."
  }

  assert {
    condition     = aws_cloudwatch_event_target.deploy.arn == var.deploy_machine_arn && jsondecode(aws_cloudwatch_event_target.deploy.input_transformer[0].input_template).MayCreate == false
    error_message = "An event starts the machine deploy, and creates no endpoint."
  }
}

run "an_unknown_type" {
  command = plan

  module {
    source = "./modules/deployment"
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
    source = "./modules/deployment"
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
    source = "./modules/deployment"
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
    source = "./modules/deployment"
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
    source = "./modules/deployment"
  }

  variables {
    rollout = {
      max_error_rate = 1
    }
  }

  expect_failures = [var.rollout]
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/deployment"
  }

  variables {
    account            = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn    = "alarms"
    deploy_machine_arn = "deploy"
    kms_key_arn        = "alias/ml-core-development"
  }

  expect_failures = [var.account, var.alarm_topic_arn, var.deploy_machine_arn, var.kms_key_arn]
}
