resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  name              = "/aws/lambda/${var.name}"
  kms_key_id        = var.logs.kms_key_arn
  retention_in_days = var.logs.retention_days
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:Reserving concurrency takes it from the account's pool, and a new account has too little to reserve any.
  #checkov:skip=CKV_AWS_116:Lambda queues only asynchronous calls. Callers that retry have a queue of their own, and an event of CodePipeline must not be stored: it holds the job's temporary credentials. A crash triggers the alarm.
  #checkov:skip=CKV_AWS_117:Talks to AWS APIs only; no data source in a VPC. A VPC would add NAT costs and nothing to reach.
  #checkov:skip=CKV_AWS_272:The packages are built from this repository by the deploy script; whoever could replace one could also replace the signing profile.
  function_name    = var.name
  description      = var.description
  role             = aws_iam_role.this.arn
  runtime          = "python3.13"
  handler          = "handler.handler"
  filename         = var.package
  source_code_hash = fileexists(var.package) ? filebase64sha256(var.package) : null
  # arm64 costs a fifth less than x86_64; the packages are pure Python and run on both.
  architectures = ["arm64"]
  kms_key_arn   = var.kms_key_arn
  # More memory brings more CPU, and importing boto3 takes most of the time of a call.
  memory_size = 512
  timeout     = var.timeout_seconds

  environment {
    variables = var.settings
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  alarm_name          = "${var.name}-errors"
  alarm_description   = "${var.name} crashed: see log group /aws/lambda/${var.name}."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this.function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  # Without calls there are no errors.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]
}
