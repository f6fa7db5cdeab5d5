mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  description     = "Does what the test says."
  kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs            = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  name            = "ml-core-development-infer"
  package         = "./no/such/infer.zip"
  policy          = "{}"
  settings        = { LOG_LEVEL = "INFO" }
  timeout_seconds = 60
}

run "defaults" {
  command = plan

  module {
    source = "./modules/function"
  }

  assert {
    condition     = output.name == "ml-core-development-infer" && aws_iam_role.this.name == "ml-core-development-infer"
    error_message = "The function and its role have the same name."
  }

  assert {
    condition     = aws_lambda_function.this.filename == "./no/such/infer.zip"
    error_message = "A plan works before the package is built."
  }

  assert {
    condition     = aws_lambda_function.this.runtime == "python3.13" && aws_lambda_function.this.handler == "handler.handler" && aws_lambda_function.this.tracing_config[0].mode == "Active" && aws_lambda_function.this.timeout == 60
    error_message = "The function runs handler.py on Python 3.13, traced, for at most the time given."
  }

  assert {
    condition     = aws_lambda_function.this.kms_key_arn == var.kms_key_arn && aws_lambda_function.this.environment[0].variables == tomap({ LOG_LEVEL = "INFO" })
    error_message = "The function has exactly the settings given, encrypted."
  }

  assert {
    condition     = aws_cloudwatch_log_group.this.name == "/aws/lambda/ml-core-development-infer" && aws_cloudwatch_log_group.this.kms_key_id == var.logs.kms_key_arn && aws_cloudwatch_log_group.this.retention_in_days == 30
    error_message = "Logs are encrypted and kept as long as given."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.errors.alarm_actions == toset([var.alarm_topic_arn])
    error_message = "A crash triggers an alarm."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/function"
  }

  variables {
    kms_key_arn     = "alias/ml-core-development"
    name            = "infer"
    timeout_seconds = 901
  }

  expect_failures = [var.kms_key_arn, var.name, var.timeout_seconds]
}
