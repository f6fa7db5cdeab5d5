mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  kms_key_arn     = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs            = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000", retention_days = 30 }
  package_dir     = "./no/such/folder"
  prefix          = "ml-core-development"
  workflow_bucket = { name = "workflow", arn = "arn:aws:s3:::workflow" }
}

run "defaults" {
  command = plan

  module {
    source = "./modules/cost"
  }

  assert {
    condition     = length(aws_budgets_budget.this) == 0 && length(aws_scheduler_schedule.dev_hours) == 0 && length(module.pause_dev_endpoints) == 0
    error_message = "Without settings there is no budget, and nothing deletes an endpoint."
  }

  assert {
    condition     = aws_cloudwatch_metric_alarm.idle.namespace == "ml-core-development" && aws_cloudwatch_metric_alarm.idle.alarm_actions == toset([var.alarm_topic_arn]) && strcontains(aws_cloudwatch_metric_alarm.idle.alarm_description, "24 hours")
    error_message = "An endpoint that nobody has called for a day raises an alarm."
  }

  assert {
    condition     = one([for s in data.aws_iam_policy_document.find_idle_endpoints.statement : s if s.sid == "PublishCount"]).condition != toset([])
    error_message = "The function publishes metrics of this environment only."
  }
}

run "budget_and_dev_hours" {
  command = plan

  module {
    source = "./modules/cost"
  }

  variables {
    cost = {
      budget     = { monthly_usd = 200, notify_at_percent = [50] }
      dev_hours  = { pause = "cron(0 20 ? * MON-FRI *)", resume = "cron(0 7 ? * MON-FRI *)", time_zone = "Europe/Berlin" }
      idle_hours = 48
    }
  }

  assert {
    condition     = toset([for n in aws_budgets_budget.this[0].notification : "${n.notification_type} ${n.threshold}"]) == toset(["ACTUAL 50", "FORECASTED 100"]) && alltrue([for n in aws_budgets_budget.this[0].notification : n.subscriber_sns_topic_arns == toset([var.alarm_topic_arn])])
    error_message = "A budget notifies the alarm topic at each percentage, and when the forecast is above it."
  }

  assert {
    condition     = one(aws_budgets_budget.this[0].cost_filter).values == tolist(["user:Environment$ml-core-development"])
    error_message = "A budget counts what has the tag of this environment."
  }

  assert {
    condition     = { for key, schedule in aws_scheduler_schedule.dev_hours : key => jsondecode(schedule.target[0].input).Action } == { pause = "pause", resume = "resume" } && alltrue([for s in aws_scheduler_schedule.dev_hours : s.schedule_expression_timezone == "Europe/Berlin"])
    error_message = "Each schedule passes its action, in the time zone given."
  }

  assert {
    condition = alltrue([
      for s in data.aws_iam_policy_document.pause_dev_endpoints.statement : alltrue([for r in s.resources : endswith(r, ":endpoint/ml-core-development-*-dev")]) && one(s.condition).variable == "aws:ResourceTag/Target"
      if contains(s.actions, "sagemaker:DeleteEndpoint")
    ])
    error_message = "The function may delete endpoints that have the name and the tag of a dev endpoint only."
  }
}

run "rejects_five_percentages_and_prefix_in_capitals" {
  command = plan

  module {
    source = "./modules/cost"
  }

  variables {
    cost   = { budget = { monthly_usd = 1, notify_at_percent = [10, 20, 30, 40, 50] } }
    prefix = "ML-Core-Development"
  }

  expect_failures = [var.cost, var.prefix]
}

run "rejects_rate_as_dev_hours" {
  command = plan

  module {
    source = "./modules/cost"
  }

  variables {
    cost = { dev_hours = { pause = "rate(1 day)", resume = "cron(0 7 ? * MON-FRI *)" } }
  }

  expect_failures = [var.cost]
}

run "rejects_no_idle_hours" {
  command = plan

  module {
    source = "./modules/cost"
  }

  variables {
    cost = { idle_hours = 0 }
  }

  expect_failures = [var.cost]
}
