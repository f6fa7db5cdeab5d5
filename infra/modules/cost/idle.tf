# Terraform does not make endpoints, so the function counts those that nobody calls, and the alarm watches the count.
data "aws_iam_policy_document" "find_idle_endpoints" {
  #checkov:skip=CKV_AWS_356:A list action, and two of CloudWatch for which IAM knows no resource.
  #checkov:skip=CKV_AWS_111:cloudwatch:PutMetricData has no resource; the namespace is limited.
  statement {
    sid     = "FindEndpoints"
    actions = ["cloudwatch:GetMetricData", "sagemaker:ListEndpoints"]
    # IAM knows no resource for these.
    resources = ["*"]
  }

  statement {
    sid       = "DescribeEndpoints"
    actions   = ["sagemaker:DescribeEndpoint"]
    resources = ["${local._sagemaker}:endpoint/${var.prefix}-*"]
  }

  statement {
    sid     = "PublishCount"
    actions = ["cloudwatch:PutMetricData"]
    # IAM knows no resource for metrics.
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [var.prefix]
    }
  }
}

module "find_idle_endpoints" {
  source = "../function"

  alarm_topic_arn = var.alarm_topic_arn
  description     = "Counts the endpoints that nobody calls."
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = local.names.find_idle_endpoints
  package         = "${var.package_dir}/find_idle_endpoints.zip"
  policy          = data.aws_iam_policy_document.find_idle_endpoints.json
  settings        = merge(local.settings, { IDLE_HOURS = tostring(var.cost.idle_hours) })
  timeout_seconds = 120
}

resource "aws_cloudwatch_metric_alarm" "idle" {
  alarm_name          = "${var.prefix}-idle-endpoints"
  alarm_description   = "An endpoint of ${var.prefix} has answered no request for ${var.cost.idle_hours} hours: the log group /aws/lambda/${local.names.find_idle_endpoints} names it."
  namespace           = var.prefix
  metric_name         = "IdleEndpoints"
  statistic           = "Maximum"
  period              = 3600
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching"
  alarm_actions       = [var.alarm_topic_arn]
}

resource "aws_scheduler_schedule" "find_idle_endpoints" {
  name                = local.names.find_idle_endpoints
  description         = "Counts idle endpoints every hour."
  kms_key_arn         = var.kms_key_arn
  schedule_expression = "rate(1 hour)"

  flexible_time_window {
    mode                      = "FLEXIBLE"
    maximum_window_in_minutes = 15
  }

  target {
    arn      = module.find_idle_endpoints.arn
    role_arn = aws_iam_role.schedules.arn
  }
}
