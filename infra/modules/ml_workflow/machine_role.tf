data "aws_iam_policy_document" "machine_assume" {
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
      values   = ["${local._head}:states:${local._tail}:stateMachine:${var.prefix}-*"]
    }
  }
}

# Both machines write logs and traces.
data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:The only "*" are log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" are log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_109:logs:PutResourcePolicy supports no resource; Step Functions needs it to log.

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

resource "aws_iam_role" "machine" {
  for_each = local.names

  name               = each.value
  description        = "Role of the state machine ${each.value}."
  assume_role_policy = data.aws_iam_policy_document.machine_assume.json
}

resource "aws_iam_role_policy" "machine" {
  for_each = local.policies

  name   = "machine"
  role   = aws_iam_role.machine[each.key].id
  policy = each.value
}
