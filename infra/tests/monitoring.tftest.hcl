mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account            = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn    = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  buckets            = { source = { name = "source", arn = "arn:aws:s3:::source" }, workflow = { name = "workflow", arn = "arn:aws:s3:::workflow" } }
  definition_dir     = "../workflow/state_machines"
  kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs               = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  package_dir        = "./no/such"
  pipeline_name      = "ml-core-development-ml-pipeline"
  prefix             = "ml-core-development"
  sagemaker_role_arn = "arn:aws:iam::123456789012:role/ml-core-development-sagemaker"
}

run "defaults" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  assert {
    condition     = length(aws_scheduler_schedule.this) == 0 && length(aws_cloudwatch_metric_alarm.drift) == 0 && length(aws_cloudwatch_event_rule.drift) == 0
    error_message = "By default nothing runs by itself."
  }

  assert {
    condition     = local.settings.start_retraining.RETRAIN == "false" && local.settings.plan_drift.WINDOW_HOURS == "24"
    error_message = "Retraining is off by default, and a day is compared."
  }

  assert {
    condition     = length(jsondecode(aws_cloudwatch_dashboard.this.dashboard_body).widgets) == 10
    error_message = "The dashboard shows endpoints, drift, the probe and the state machines."
  }
}

run "watched" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = {
      use_cases = ["housing", "iris"]
      schedule  = "rate(12 hours)"
      alarm     = { periods = 4, drifted = 3, period_hours = 12 }
      retrain   = { enabled = true, cooldown_days = 3, minimum_labels = 500 }
    }
  }

  assert {
    condition     = { for key, schedule in aws_scheduler_schedule.this : key => [schedule.name, schedule.schedule_expression] } == { housing = ["ml-core-development-housing-drift", "rate(12 hours)"], iris = ["ml-core-development-iris-drift", "rate(12 hours)"] }
    error_message = "Each use case has a schedule."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.drift["housing"].datapoints_to_alarm == 3 && aws_cloudwatch_metric_alarm.drift["housing"].evaluation_periods == 4 && aws_cloudwatch_metric_alarm.drift["housing"].period == 43200
    error_message = "The alarm needs 3 of 4 periods of 12 hours."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.drift["housing"].namespace == "ml-core-development" && aws_cloudwatch_metric_alarm.drift["housing"].dimensions == tomap({ EndpointName = "ml-core-development-housing" }) && aws_cloudwatch_metric_alarm.drift["housing"].alarm_actions == toset([var.alarm_topic_arn])
    error_message = "The alarm watches the verdicts on the endpoint, and tells people."
  }

  assert {
    condition     = local.settings.start_retraining.RETRAIN == "true" && local.settings.start_retraining.COOLDOWN_DAYS == "3" && local.settings.start_retraining.MINIMUM_LABELS == "500"
    error_message = "The function that starts retrainings knows the cooldown and how many labels it needs."
  }

  assert {
    condition     = aws_lambda_permission.drift["iris"].principal == "events.amazonaws.com" && aws_cloudwatch_event_target.drift["iris"].input_transformer[0].input_paths == tomap({ time = "$.time" })
    error_message = "The alarm's event calls the function with the time of the event."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    account         = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn = "alarms"
    kms_key_arn     = "alias/ml-core-development"
    monitoring      = { use_cases = ["Housing"] }
    prefix          = "ML-Core-Development"
  }

  expect_failures = [var.account, var.alarm_topic_arn, var.kms_key_arn, var.monitoring, var.prefix]
}

run "rejects_a_schedule_in_words" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { schedule = "daily" }
  }

  expect_failures = [var.monitoring]
}

run "rejects_a_window_of_nothing" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { window_hours = 0 }
  }

  expect_failures = [var.monitoring]
}

run "rejects_too_few_rows" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { minimum_rows = 10 }
  }

  expect_failures = [var.monitoring]
}

run "rejects_an_alarm_over_more_than_a_week" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { alarm = { periods = 30, drifted = 2 } }
  }

  expect_failures = [var.monitoring]
}

run "rejects_a_retraining_without_cooldown" {
  command = plan

  module {
    source = "./modules/monitoring"
  }

  variables {
    monitoring = { retrain = { cooldown_days = 0 } }
  }

  expect_failures = [var.monitoring]
}
