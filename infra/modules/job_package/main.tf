locals {
  name   = "${var.prefix}-start-job"
  prefix = "jobs/"
}

module "function" {
  source = "../function"

  alarm_topic_arn = var.alarm_topic_arn
  description     = "Starts a run for a job package or a data file that was uploaded to ${local.prefix} of the source bucket."
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = local.name
  package         = "${var.package_dir}/start_job.zip"
  policy          = data.aws_iam_policy_document.function.json
  settings = {
    KMS_KEY_ARN     = var.kms_key_arn
    LOG_LEVEL       = "INFO"
    PIPELINE_NAME   = var.pipeline.name
    SOURCE_BUCKET   = var.buckets.source.name
    WORKFLOW_BUCKET = var.buckets.workflow.name
  }
}

resource "aws_cloudwatch_event_rule" "this" {
  name        = "${var.prefix}-job-uploaded"
  description = "Calls ${local.name} when a file is uploaded to ${local.prefix}."
  event_pattern = jsonencode({
    source      = ["aws.s3"]
    detail-type = ["Object Created"]
    detail = {
      bucket = { name = [var.buckets.source.name] }
      object = { key = [{ prefix = local.prefix }] }
    }
  })
}

resource "aws_cloudwatch_event_target" "this" {
  rule      = aws_cloudwatch_event_rule.this.name
  target_id = "start-job"
  arn       = module.function.arn
}

resource "aws_lambda_permission" "this" {
  statement_id  = "rule"
  action        = "lambda:InvokeFunction"
  function_name = module.function.name
  principal     = "events.amazonaws.com"
  source_arn    = aws_cloudwatch_event_rule.this.arn
}
