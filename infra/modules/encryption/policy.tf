# In a key policy the resource "*" means "this key", and nothing else can be written there:
# https://docs.aws.amazon.com/kms/latest/developerguide/key-policy-overview.html
data "aws_iam_policy_document" "key" {
  #checkov:skip=CKV_AWS_109:A key policy names the key itself as "*"; the account root delegates permissions to IAM roles.
  #checkov:skip=CKV_AWS_111:A key policy names the key itself as "*"; the services are limited by conditions.
  #checkov:skip=CKV_AWS_356:A key policy names the key itself as "*"; no other resource can be named in it.

  # Without this statement nobody, not even an administrator, could manage the key. It grants nothing
  # to any principal by itself: the account's IAM policies decide.
  statement {
    sid       = "AccountDecidesThroughIam"
    actions   = ["kms:*"]
    resources = ["*"]

    principals {
      type        = "AWS"
      identifiers = ["arn:${var.account.partition}:iam::${var.account.id}:root"]
    }
  }

  statement {
    sid = "LogsEncryptsOurLogGroups"
    actions = [
      "kms:Decrypt",
      "kms:DescribeKey",
      "kms:Encrypt",
      "kms:GenerateDataKey",
      "kms:GenerateDataKeyWithoutPlaintext",
      "kms:ReEncryptFrom",
      "kms:ReEncryptTo",
    ]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["logs.${var.account.region}.amazonaws.com"]
    }

    condition {
      test     = "ArnLike"
      variable = "kms:EncryptionContext:aws:logs:arn"
      # Log groups are /aws/lambda/{prefix}-..., /aws/vendedlogs/states/{prefix}-...
      values = ["arn:${var.account.partition}:logs:${var.account.region}:${var.account.id}:log-group:/aws/*/${var.prefix}-*"]
    }
  }

  # Alarms, budgets and event rules write to encrypted topics: the publishing service needs the key, not SNS.
  # https://docs.aws.amazon.com/sns/latest/dg/sns-key-management.html
  statement {
    sid       = "AlarmsAndEventsPublishToOurTopics"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["*"]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}
