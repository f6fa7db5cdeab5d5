data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# What both functions do: write logs and traces, answer the pipeline. Artifacts need no permission: each job
# brings credentials for them. https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
data "aws_iam_policy_document" "common" {
  #checkov:skip=CKV_AWS_111:The only "*" are X-Ray, list actions and the CodePipeline answers, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" are X-Ray and the CodePipeline answers, for which IAM knows no resource.
  for_each = local.names

  statement {
    sid     = "Log"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    # Any stream of the group.
    resources = ["${aws_cloudwatch_log_group.this[each.key].arn}:*"]
  }

  statement {
    sid     = "Trace"
    actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    # X-Ray has no resource for traces.
    resources = ["*"]
  }

  statement {
    sid     = "AnswerPipeline"
    actions = ["codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult"]
    # Neither action supports a resource; they need the id of a job.
    resources = ["*"]
  }

  statement {
    # The environment variables are encrypted.
    sid       = "ReadSettings"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "update_schema" {
  source_policy_documents = [data.aws_iam_policy_document.common["update_schema"].json]

  statement {
    sid     = "ApproveModelPackage"
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    # {group}/{version}
    resources = ["${local._sagemaker}:model-package/${var.prefix}-*/*"]
  }

  statement {
    # update_schema compares the archive, {RunId}/training/{job}/output/model.tar.gz, with the model registry.
    sid       = "CompareModel"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.workflow.arn}/*/training/*/output/model.tar.gz"]
  }
}

locals {
  _sagemaker = "arn:${var.account.partition}:sagemaker:${var.account.region}:${var.account.id}"
  policies = {
    create_schema = data.aws_iam_policy_document.create_schema.json
    update_schema = data.aws_iam_policy_document.update_schema.json
  }
}

resource "aws_iam_role" "this" {
  for_each = local.names

  name               = each.value
  description        = "Execution role of the Lambda function ${each.value}."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.policies

  name   = "function"
  role   = aws_iam_role.this[each.key].id
  policy = each.value
}
