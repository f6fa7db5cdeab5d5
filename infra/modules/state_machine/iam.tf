data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:stateMachine:${var.name}"]
    }
  }
}

# What every state machine does: write logs and traces.
data "aws_iam_policy_document" "this" {
  #checkov:skip=CKV_AWS_111:The only "*" of this module are log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" of this module are log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_109:logs:PutResourcePolicy supports no resource; Step Functions needs it to log.
  source_policy_documents = [var.policy]

  # These actions support no resource: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
  statement {
    sid = "Log"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }

  statement {
    sid = "Trace"
    actions = [
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    # X-Ray has no resource for traces.
    resources = ["*"]
  }
}

resource "aws_iam_role" "this" {
  name               = var.name
  description        = "Role of the state machine ${var.name}."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  name   = "machine"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
