locals {
  _dimensions = { ApiId = aws_apigatewayv2_api.this.id, Stage = aws_apigatewayv2_stage.this.name }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${local.name}-errors"
  alarm_description   = "More than ${var.api.max_error_percent} % of the requests of the inference API ended with a status of 500 or more: see log group ${aws_cloudwatch_log_group.access.name}."
  comparison_operator = "GreaterThanThreshold"
  evaluation_periods  = 1
  threshold           = var.api.max_error_percent
  # Without requests there are no errors.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]

  metric_query {
    id          = "percent"
    expression  = "100 * errors / requests"
    label       = "errors in percent"
    return_data = true
  }

  dynamic "metric_query" {
    for_each = { errors = "5xx", requests = "Count" }

    content {
      id = metric_query.key

      metric {
        namespace   = "AWS/ApiGateway"
        metric_name = metric_query.value
        dimensions  = local._dimensions
        period      = 300
        stat        = "Sum"
      }
    }
  }
}

resource "aws_cloudwatch_metric_alarm" "latency" {
  alarm_name          = "${local.name}-latency"
  alarm_description   = "The slowest hundredth of the requests of the inference API took more than ${var.api.max_latency_milliseconds} ms for a quarter of an hour: see log group ${aws_cloudwatch_log_group.access.name}."
  namespace           = "AWS/ApiGateway"
  metric_name         = "Latency"
  dimensions          = local._dimensions
  extended_statistic  = "p99"
  period              = 300
  evaluation_periods  = 3
  comparison_operator = "GreaterThanThreshold"
  threshold           = var.api.max_latency_milliseconds
  # Without requests nobody waits.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]
}
