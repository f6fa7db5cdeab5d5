locals {
  probed      = var.probe == null ? {} : var.probe.rows
  _has_probe  = length(local.probed) > 0 ? 1 : 0
  _probe_name = "${var.prefix}-probe"
}

data "aws_iam_policy_document" "probe" {
  #checkov:skip=CKV_AWS_111:PutMetricData knows no resource; the condition names the namespace.
  #checkov:skip=CKV_AWS_356:PutMetricData knows no resource; the condition names the namespace.
  statement {
    sid     = "CallTheApi"
    actions = ["execute-api:Invoke"]
    # One path per use case.
    resources = ["${aws_apigatewayv2_api.this.execution_arn}/${local.stage}/POST/${local.probe_path}/*"]
  }

  statement {
    sid     = "PublishResult"
    actions = ["cloudwatch:PutMetricData"]
    # PutMetricData knows no resource.
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [var.prefix]
    }
  }
}

module "probe" {
  source = "../function"
  count  = local._has_probe

  alarm_topic_arn = var.alarm_topic_arn
  description     = "Calls the inference API as a client does and publishes the share of successful requests."
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = local._probe_name
  package         = "${var.package_dir}/probe.zip"
  policy          = data.aws_iam_policy_document.probe.json
  settings = {
    API_URL   = local.url
    LOG_LEVEL = "INFO"
    NAMESPACE = var.prefix
    ROUTE     = local.probe_path
  }
  # Each row may take the 30 s of API Gateway.
  timeout_seconds = 120
}

# The scheduler calls the function asynchronously. A repeated probe says nothing about its time.
resource "aws_lambda_function_event_invoke_config" "probe" {
  count = local._has_probe

  function_name                = module.probe[0].name
  maximum_event_age_in_seconds = 60
  maximum_retry_attempts       = 0
}

resource "aws_cloudwatch_metric_alarm" "probe" {
  for_each = local.probed

  alarm_name          = "${local._probe_name}-${each.key}"
  alarm_description   = "Less than ${var.probe.min_success_percent} % of the probes of ${each.key} succeed, or the probe does not run: see log group /aws/lambda/${local._probe_name}."
  namespace           = var.prefix
  metric_name         = "SuccessPercent"
  dimensions          = { UseCase = each.key }
  statistic           = "Average"
  period              = var.probe.period_seconds
  evaluation_periods  = 1
  comparison_operator = "LessThanThreshold"
  threshold           = var.probe.min_success_percent
  # No result is no success.
  treat_missing_data = "breaching"
  alarm_actions      = [var.alarm_topic_arn]
  ok_actions         = [var.alarm_topic_arn]
}
