data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

data "aws_iam_policy_document" "schedules" {
  statement {
    sid       = "CallFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = concat([module.find_idle_endpoints.arn], module.pause_dev_endpoints[*].arn)
  }

  statement {
    # The schedules are encrypted.
    sid       = "ReadSchedules"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "schedules" {
  name               = local.names.schedules
  description        = "Lets EventBridge Scheduler call the functions of the module cost."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "schedules" {
  name   = "schedules"
  role   = aws_iam_role.schedules.id
  policy = data.aws_iam_policy_document.schedules.json
}
