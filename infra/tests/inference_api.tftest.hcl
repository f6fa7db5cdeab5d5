mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs            = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  package_dir     = "./no/such/folder"
  prefix          = "ml-core-development"
  workflow_bucket = { name = "workflow", arn = "arn:aws:s3:::workflow" }
}

# Applied to the mocked provider, so that ARNs and ids are known.
run "defaults" {
  module {
    source = "./modules/inference_api"
  }

  assert {
    condition     = toset(keys(aws_apigatewayv2_route.this)) == toset(["GET /health", "GET /models/{use_case}", "POST /predict/{use_case}", "POST /predict/{use_case}/{target}"])
    error_message = "The API predicts and describes; nothing is deployed through it."
  }

  assert {
    condition     = alltrue([for route in aws_apigatewayv2_route.this : route.authorization_type == "AWS_IAM" && route.authorizer_id == null])
    error_message = "AWS IAM authorizes every route."
  }

  assert {
    condition     = length(aws_apigatewayv2_api.this.cors_configuration) == 0
    error_message = "Pages of other origins may not call the API."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 50 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 100
    error_message = "The API takes 50 requests a second, and 100 at once."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.access_log_settings[0].destination_arn == aws_cloudwatch_log_group.access.arn && aws_cloudwatch_log_group.access.kms_key_id == var.logs.kms_key_arn && aws_cloudwatch_log_group.access.retention_in_days == 30
    error_message = "Access logs are encrypted and kept as long as given."
  }

  assert {
    condition     = aws_apigatewayv2_integration.this.payload_format_version == "2.0" && aws_apigatewayv2_integration.this.timeout_milliseconds == 30000
    error_message = "The function gets events of version 2.0 and answers before API Gateway gives up."
  }

  assert {
    condition     = aws_lambda_permission.this.source_arn == "${aws_apigatewayv2_api.this.execution_arn}/v1/*"
    error_message = "Only this stage of this API may call the function."
  }

  assert {
    condition     = alltrue([for alarm in [aws_cloudwatch_metric_alarm.errors, aws_cloudwatch_metric_alarm.latency] : alarm.alarm_actions == toset([var.alarm_topic_arn]) && alarm.treat_missing_data == "notBreaching"])
    error_message = "Errors and slow answers trigger an alarm."
  }

  assert {
    condition     = length(module.probe) == 0 && length(aws_scheduler_schedule.probe) == 0 && length(aws_cloudwatch_metric_alarm.probe) == 0
    error_message = "Nothing is probed unless asked for."
  }
}

run "tokens_and_a_probe" {
  module {
    source = "./modules/inference_api"
  }

  variables {
    api = {
      authorization = "JWT"
      cors_origins  = ["https://app.example.com"]
      jwt           = { issuer = "https://login.example.com", audience = ["predictions"] }
      throttling    = { rate = 5 }
    }
    probe = { rows = { iris = ["5.1,3.5,1.4,0.2"] } }
  }

  assert {
    condition     = { for key, route in aws_apigatewayv2_route.this : key => route.authorization_type } == { "GET /health" = "JWT", "GET /models/{use_case}" = "JWT", "POST /predict/{use_case}" = "JWT", "POST /predict/{use_case}/{target}" = "JWT", "POST /probe/{use_case}" = "AWS_IAM" }
    error_message = "Clients need a token; the probe signs its requests."
  }

  assert {
    condition     = aws_apigatewayv2_authorizer.this[0].jwt_configuration[0].issuer == "https://login.example.com" && aws_apigatewayv2_authorizer.this[0].jwt_configuration[0].audience == toset(["predictions"])
    error_message = "Tokens are those of the issuer, for the audience."
  }

  assert {
    condition     = aws_apigatewayv2_api.this.cors_configuration[0].allow_origins == toset(["https://app.example.com"])
    error_message = "Only pages of the origins given may call the API."
  }

  assert {
    condition     = aws_apigatewayv2_stage.this.default_route_settings[0].throttling_rate_limit == 5 && aws_apigatewayv2_stage.this.default_route_settings[0].throttling_burst_limit == 100
    error_message = "Values that are not given have their defaults."
  }

  assert {
    condition     = jsondecode(aws_scheduler_schedule.probe["iris"].target[0].input) == { rows = ["5.1,3.5,1.4,0.2"], use_case = "iris" } && aws_scheduler_schedule.probe["iris"].kms_key_arn == var.kms_key_arn
    error_message = "The schedule passes the rows of the use case, encrypted."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.probe["iris"].threshold == 60 && aws_cloudwatch_metric_alarm.probe["iris"].comparison_operator == "LessThanThreshold" && aws_cloudwatch_metric_alarm.probe["iris"].treat_missing_data == "breaching" && aws_cloudwatch_metric_alarm.probe["iris"].dimensions == tomap({ UseCase = "iris" })
    error_message = "An alarm is raised when less than 60 % succeed, and when nothing is measured."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/inference_api"
  }

  variables {
    account         = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn = "alarms"
    api             = { authorization = "NONE" }
    kms_key_arn     = "alias/ml-core-development"
    prefix          = "ML-Core-Development"
    probe           = { rows = { iris = ["5.1,3.5,1.4,0.2"] }, schedule = "every minute" }
  }

  expect_failures = [var.account, var.alarm_topic_arn, var.api, var.kms_key_arn, var.prefix, var.probe]
}

run "rejects_tokens_without_an_issuer_and_odd_periods" {
  command = plan

  module {
    source = "./modules/inference_api"
  }

  variables {
    api   = { authorization = "JWT" }
    probe = { period_seconds = 90, rows = { iris = ["5.1,3.5,1.4,0.2"] } }
  }

  expect_failures = [var.api, var.probe]
}

run "rejects_an_issuer_without_address_and_no_rows" {
  command = plan

  module {
    source = "./modules/inference_api"
  }

  variables {
    api   = { authorization = "JWT", jwt = { issuer = "login", audience = ["predict"] } }
    probe = { rows = { iris = [] } }
  }

  expect_failures = [var.api, var.probe]
}

run "rejects_any_origin" {
  command = plan

  module {
    source = "./modules/inference_api"
  }

  variables {
    api = { cors_origins = ["*"] }
  }

  expect_failures = [var.api]
}

run "rejects_a_rate_of_zero" {
  command = plan

  module {
    source = "./modules/inference_api"
  }

  variables {
    api = { throttling = { rate = 0 } }
  }

  expect_failures = [var.api]
}
