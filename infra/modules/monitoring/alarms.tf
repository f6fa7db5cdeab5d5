resource "aws_cloudwatch_metric_alarm" "drift" {
  for_each = local.endpoints

  alarm_name          = "${each.value}-drift"
  alarm_description   = "What ${each.value} receives, or how good its predictions are, has drifted from the training in ${var.monitoring.alarm.drifted} of ${var.monitoring.alarm.periods} periods. The report is in s3://${var.buckets.workflow.name}/monitoring/${each.value}/; docs/monitoring.md says how to read it."
  namespace           = var.prefix
  metric_name         = "DriftVerdict"
  dimensions          = { EndpointName = each.value }
  statistic           = "Maximum"
  period              = var.monitoring.alarm.period_hours * 3600
  evaluation_periods  = var.monitoring.alarm.periods
  datapoints_to_alarm = var.monitoring.alarm.drifted
  comparison_operator = "GreaterThanOrEqualToThreshold"
  threshold           = 1
  # A period without a verdict (too few rows) says nothing: neither drift nor its end.
  treat_missing_data = "ignore"
  alarm_actions      = [var.alarm_topic_arn]
  ok_actions         = [var.alarm_topic_arn]
}

# CloudWatch sends an event when an alarm changes its state: the one to ALARM asks for a retraining.
resource "aws_cloudwatch_event_rule" "drift" {
  for_each = local.endpoints

  name        = "${each.value}-drift"
  description = "Asks for a retraining when the alarm on drift of ${each.value} changes to ALARM."
  event_pattern = jsonencode({
    source      = ["aws.cloudwatch"]
    detail-type = ["CloudWatch Alarm State Change"]
    resources   = [aws_cloudwatch_metric_alarm.drift[each.key].arn]
    detail      = { state = { value = ["ALARM"] } }
  })
}

resource "aws_cloudwatch_event_target" "drift" {
  for_each = local.endpoints

  rule      = aws_cloudwatch_event_rule.drift[each.key].name
  target_id = "retrain"
  arn       = module.function["start_retraining"].arn

  input_transformer {
    input_paths    = { time = "$.time" }
    input_template = "{\"UseCase\": \"${each.key}\", \"Target\": \"prod\", \"Trigger\": \"alarm\", \"Now\": <time>}"
  }
}

resource "aws_lambda_permission" "drift" {
  for_each = local.endpoints

  statement_id   = "drift-${each.key}"
  action         = "lambda:InvokeFunction"
  function_name  = module.function["start_retraining"].name
  principal      = "events.amazonaws.com"
  source_arn     = aws_cloudwatch_event_rule.drift[each.key].arn
  source_account = var.account.id
}
