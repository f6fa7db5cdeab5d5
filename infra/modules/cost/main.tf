locals {
  names = {
    find_idle_endpoints = "${var.prefix}-find-idle-endpoints"
    pause_dev_endpoints = "${var.prefix}-pause-dev-endpoints"
    schedules           = "${var.prefix}-cost-schedules"
  }
  settings   = { LOG_LEVEL = "INFO", PREFIX = var.prefix }
  _sagemaker = "arn:${var.account.partition}:sagemaker:${var.account.region}:${var.account.id}"
}

# Everything of this environment has the tag Environment: what Terraform makes, and jobs and endpoints, which the
# state machines make. Two tags, such as Service and Stage, would not do: a budget adds up what has either of them.
resource "aws_budgets_budget" "this" {
  count = var.cost.budget == null ? 0 : 1

  name         = var.prefix
  budget_type  = "COST"
  limit_amount = tostring(var.cost.budget.monthly_usd)
  limit_unit   = "USD"
  time_unit    = "MONTHLY"

  cost_filter {
    name   = "TagKeyValue"
    values = [format("user:Environment$%s", var.prefix)]
  }

  dynamic "notification" {
    for_each = var.cost.budget.notify_at_percent

    content {
      comparison_operator       = "GREATER_THAN"
      notification_type         = "ACTUAL"
      subscriber_sns_topic_arns = [var.alarm_topic_arn]
      threshold                 = notification.value
      threshold_type            = "PERCENTAGE"
    }
  }

  notification {
    comparison_operator       = "GREATER_THAN"
    notification_type         = "FORECASTED"
    subscriber_sns_topic_arns = [var.alarm_topic_arn]
    threshold                 = 100
    threshold_type            = "PERCENTAGE"
  }
}
