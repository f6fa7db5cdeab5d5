locals {
  functions = {
    create_schema = "Fills the manifest for one run: names, S3 locations, images, hyperparameters."
    update_schema = "Adds the inference part to the manifest and approves the model package."
  }
  names    = { for key in keys(local.functions) : key => "${var.prefix}-${replace(key, "_", "-")}" }
  packages = { for key in keys(local.functions) : key => "${var.package_dir}/${key}.zip" }

  _common_settings = {
    LOG_LEVEL = "INFO"
    SERVICE   = var.stack.service
    STAGE     = var.stack.stage
  }
  settings = {
    create_schema = merge(local._common_settings, {
      IMAGE_REPOSITORY_URI = var.image_repository_url
      KMS_KEY_ARN          = var.kms_key_arn
      PREBUILT_IMAGE_URI   = var.prebuilt_image_uri
      SOURCE_BUCKET        = var.buckets.source.name
      WORKFLOW_BUCKET      = var.buckets.workflow.name
    })
    update_schema = local._common_settings
  }
}

resource "aws_cloudwatch_log_group" "this" {
  #checkov:skip=CKV_AWS_338:Retention depends on the environment: a year by default, less in development (retention_days in config/environments).
  for_each = local.names

  name              = "/aws/lambda/${each.value}"
  kms_key_id        = var.log_kms_key_arn
  retention_in_days = var.log_retention_days
}

resource "aws_lambda_function" "this" {
  #checkov:skip=CKV_AWS_115:Reserving concurrency takes it from the account's pool, and a new account has too little to reserve any; the pipeline calls each function once per run.
  #checkov:skip=CKV_AWS_116:A dead-letter queue would store the event, which holds the job's temporary credentials. A crash fails the pipeline action and triggers the alarm.
  #checkov:skip=CKV_AWS_117:Talks to AWS APIs only; no data source in a VPC. A VPC would add NAT costs and nothing to reach.
  #checkov:skip=CKV_AWS_272:The packages are built from this repository by the deploy script; whoever could replace one could also replace the signing profile.
  for_each = local.functions

  function_name    = local.names[each.key]
  description      = each.value
  role             = aws_iam_role.this[each.key].arn
  runtime          = "python3.13"
  handler          = "handler.handler"
  filename         = local.packages[each.key]
  source_code_hash = fileexists(local.packages[each.key]) ? filebase64sha256(local.packages[each.key]) : null
  # arm64 costs a fifth less than x86_64; the packages are pure Python and run on both.
  architectures = ["arm64"]
  kms_key_arn   = var.kms_key_arn
  # More memory brings more CPU, and importing boto3 takes most of the time of a call.
  memory_size = 512
  # A call takes seconds; the pipeline itself would wait for 20 minutes.
  timeout = 120

  environment {
    variables = local.settings[each.key]
  }

  tracing_config {
    mode = "Active"
  }
}

resource "aws_cloudwatch_metric_alarm" "errors" {
  for_each = local.names

  alarm_name          = "${each.value}-errors"
  alarm_description   = "${each.value} crashed. Its pipeline action fails too: see log group /aws/lambda/${each.value}."
  namespace           = "AWS/Lambda"
  metric_name         = "Errors"
  dimensions          = { FunctionName = aws_lambda_function.this[each.key].function_name }
  statistic           = "Sum"
  period              = 300
  evaluation_periods  = 1
  comparison_operator = "GreaterThanThreshold"
  threshold           = 0
  # Without calls there are no errors.
  treat_missing_data = "notBreaching"
  alarm_actions      = [var.alarm_topic_arn]
}
