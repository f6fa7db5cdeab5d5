data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["ecs-tasks.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

# What the app itself may do: ask one model, and write labels of one use case.
data "aws_iam_policy_document" "task" {
  statement {
    sid     = "AskTheModel"
    actions = ["execute-api:Invoke"]
    resources = [
      "${var.api.execution_arn}/${local._api_stage}/GET/models/${var.app.use_case}",
      "${var.api.execution_arn}/${local._api_stage}/POST/predict/${var.app.use_case}",
    ]
  }

  statement {
    sid       = "StoreLabels"
    actions   = ["s3:PutObject"]
    resources = ["${var.workflow_bucket.arn}/labels/${var.app.use_case}/*"]
  }

  statement {
    sid       = "EncryptLabels"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["s3.${var.account.region}.amazonaws.com"]
    }
  }
}

# What ECS does before the app starts.
data "aws_iam_policy_document" "execution" {
  #checkov:skip=CKV_AWS_356:GetAuthorizationToken is the only action on "*", and IAM knows no resource for it.
  statement {
    sid     = "LogIn"
    actions = ["ecr:GetAuthorizationToken"]
    # IAM knows no resource for it.
    resources = ["*"]
  }

  statement {
    sid       = "PullImage"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = [local.repository_arn]
  }

  statement {
    sid     = "Log"
    actions = ["logs:CreateLogStream", "logs:PutLogEvents"]
    # Any stream of the group.
    resources = ["${aws_cloudwatch_log_group.this.arn}:*"]
  }
}

locals {
  # https://{id}.execute-api.{region}.amazonaws.com/{stage}
  _api_stage = reverse(split("/", var.api.url))[0]
  roles = {
    execution = {
      description = "ECS pulls the image of ${local.name} and writes its log with it."
      policy      = data.aws_iam_policy_document.execution.json
    }
    task = {
      description = "The container of ${local.name} calls AWS with it."
      policy      = data.aws_iam_policy_document.task.json
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.roles

  name               = "${local.name}-${each.key}"
  description        = each.value.description
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  for_each = local.roles

  name   = each.key
  role   = aws_iam_role.this[each.key].id
  policy = each.value.policy
}
