data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["lambda.amazonaws.com"]
    }
  }
}

# What every function does: write logs and traces, read its settings.
data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_111:The only "*" of this module is X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" of this module is X-Ray, for which IAM knows no resource.
  source_policy_documents = [var.policy]

  statement {
    sid     = "Log"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    # Any stream of the group.
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }

  statement {
    sid     = "Trace"
    actions = ["xray:PutTelemetryRecords", "xray:PutTraceSegments"]
    # X-Ray has no resource for traces.
    resources = ["*"]
  }

  statement {
    # The environment variables are encrypted.
    sid       = "ReadSettings"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  description        = "Execution role of the Lambda function ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  name   = "function"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
