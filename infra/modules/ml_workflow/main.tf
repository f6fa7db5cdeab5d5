locals {
  machines = {
    inference = "Deploys an approved model: batch transform or endpoint."
    training  = "Preprocess, train, evaluate, gate, register."
  }
  names = { for key in keys(local.machines) : key => "${var.prefix}-${key}" }

  _tail     = "${var.account.region}:${var.account.id}"
  _head     = "arn:${var.account.partition}"
  sagemaker = "${local._head}:sagemaker:${local._tail}"
  policies = {
    inference = data.aws_iam_policy_document.inference.json
    training  = data.aws_iam_policy_document.training.json
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:The stage decides: a year by default, less in development (retention_days in config/environments).
  for_each = local.names

  # /aws/vendedlogs/: other names add an entry a log group to one account-wide policy, which is full soon.
  # https://docs.aws.amazon.com/step-functions/latest/dg/bp-cwl.html
  name              = "/aws/vendedlogs/states/${each.value}"
  kms_key_id        = var.log_kms_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_sfn_state_machine" "this" {
  for_each = local.names

  name     = each.value
  type     = "STANDARD"
  role_arn = aws_iam_role.machine[each.key].arn
  definition = templatefile("${var.definition_dir}/${each.key}.asl.json", {
    kms_key_arn        = var.kms_key_arn
    prefix             = var.prefix
    sagemaker_role_arn = aws_iam_role.sagemaker.arn
  })

  logging_configuration {
    include_execution_data = true # names, places and metrics; data itself stays in S3
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.this[each.key].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks the role's right to write logs when the machine is created.
  depends_on = [aws_iam_role_policy.machine, aws_iam_role_policy.sagemaker]
}

resource "aws_cloudwatch_metric_alarm" "failed" {
  for_each = local.names

  alarm_name          = "${each.value}-failed"
  alarm_description   = "An execution of ${each.value} failed: its cause is in the Step Functions console and in ${aws_cloudwatch_log_group.this[each.key].name}."
  namespace           = "AWS/States"
  metric_name         = "ExecutionsFailed"
  dimensions          = { StateMachineArn = aws_sfn_state_machine.this[each.key].arn }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  treat_missing_data  = "notBreaching" # no run, no failure
  alarm_actions       = [var.alarm_topic_arn]
}
