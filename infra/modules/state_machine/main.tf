resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  # /aws/vendedlogs/: a log group of any other name adds an entry to an account-wide policy of limited size.
  # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
  name              = "/aws/vendedlogs/states/${var.name}"
  kms_key_id        = var.logs.kms_key_arn
  retention_in_days = var.logs.retention_days
}

resource "aws_sfn_state_machine" "this" {
  name       = var.name
  type       = "STANDARD"
  role_arn   = aws_iam_role.this.arn
  definition = var.definition

  logging_configuration {
    # Inputs and outputs hold names, locations and metrics; the data itself stays in S3.
    include_execution_data = true
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.this.arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks that the role may write logs when the machine is created.
  depends_on = [aws_iam_role_policy.this]
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  alarm_name          = "${var.name}-failed"
  alarm_description   = "An execution of ${var.name} failed: its cause is in the Step Functions console and in ${aws_cloudwatch_log_group.this.name}."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this.arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  # Without executions there are no failures.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]
}
