mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  definition      = "{}"
  logs            = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  name            = "ml-core-development-drift"
  policy          = "{}"
}

run "defaults" {
  command = apply

  module {
    source = "./modules/state_machine"
  }

  assert {
    condition     = aws_sfn_state_machine.this.name == "ml-core-development-drift" && aws_sfn_state_machine.this.logging_configuration[0].level == "ALL" && aws_sfn_state_machine.this.logging_configuration[0].include_execution_data && aws_sfn_state_machine.this.tracing_configuration[0].enabled
    error_message = "Executions are logged and traced."
  }

  assert {
    condition     = aws_iam_role.this.name == "ml-core-development-drift" && aws_sfn_state_machine.this.role_arn == aws_iam_role.this.arn
    error_message = "The machine has its own role, of the same name."
  }

  assert {
    condition     = one([for c in data.aws_iam_policy_document.assume.statement[0].condition : c.values if c.variable == "aws:SourceArn"]) == tolist(["arn:aws:states:eu-west-1:123456789012:stateMachine:ml-core-development-drift"])
    error_message = "Only this machine may use the role."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/vendedlogs/states/ml-core-development-drift" && aws_cloudwatch_log_group.this.kms_key_id == var.logs.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Logs are encrypted and kept as long as given."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.failed.alarm_actions == toset([var.alarm_topic_arn])
    error_message = "A failed execution triggers an alarm."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/state_machine"
  }

  variables {
    name = "drift"
  }

  expect_failures = [var.name]
}
