locals {
  machines = {
    deploy    = "Brings an endpoint to what the model registry says."
    inference = "Hands an approved model to its users: batch transform or endpoint."
    training  = "Preprocess, train, evaluate, gate, register."
  }
  names = { for key in keys(local.machines) : key => "${var.prefix}-${key}" }

  _tail     = "${var.account.region}:${var.account.id}"
  _head     = "arn:${var.account.partition}"
  sagemaker = "${local._head}:sagemaker:${local._tail}"
  # Known before it exists: the machines are one resource, and inference starts deploy.
  deploy_arn = "${local._head}:states:${local._tail}:stateMachine:${local.names.deploy}"
  policies = {
    deploy    = data.aws_iam_policy_document.deploy.json
    inference = data.aws_iam_policy_document.inference.json
    training  = data.aws_iam_policy_document.training.json
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  for_each = local.names

  # /aws/vendedlogs/: a log group of any other name adds an entry to an account-wide policy of limited size.
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
    deploy_arn          = local.deploy_arn
    kms_key_arn         = var.kms_key_arn
    plan_deployment_arn = var.deployment_functions.plan_deployment
    prefix              = var.prefix
    sagemaker_role_arn  = aws_iam_role.sagemaker.arn
    test_endpoint_arn   = var.deployment_functions.test_endpoint
  })

  logging_configuration {
    # Inputs and outputs hold names, locations and metrics; the data itself stays in S3.
    include_execution_data = true
    level                  = "ALL"
    log_destination        = "${aws_cloudwatch_log_group.this[each.key].arn}:*"
  }

  tracing_configuration {
    enabled = true
  }

  # Step Functions checks that the role may write logs when the machine is created.
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
  # Without executions there are no failures.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]
}
