data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codebuild.amazonaws.com"]
    }

    # Only these projects: a project that somebody else creates cannot use the role.
    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [for project in local.projects : "${local._arn}:project/${project.name}"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "WriteLogs"
    actions   = ["logs:CreateLogStream", "logs:PutLogEvents"]
    resources = [for group in aws_cloudwatch_log_group.this : "${group.arn}:*"]
  }

  statement {
    sid     = "ReadArtifacts"
    actions = ["s3:GetObject", "s3:GetObjectVersion"]
    # CodePipeline chooses the keys.
    resources = ["${var.artifact_bucket.arn}/*"]
  }

  statement {
    sid       = "InspectArtifactBucket"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation"]
    resources = [var.artifact_bucket.arn]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  dynamic "statement" {
    for_each = length(local.reports) == 0 ? [] : [keys(local.reports)]

    content {
      sid = "WriteReports"
      actions = [
        "codebuild:BatchPutCodeCoverages",
        "codebuild:BatchPutTestCases",
        "codebuild:CreateReport",
        "codebuild:UpdateReport",
      ]
      resources = [for group in statement.value : "${local._arn}:report-group/${group}"]
    }
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  description        = "Role of the builds ${local.name}-*."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  name   = "builds"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}

# What only these builds may do. Managed policies, because the inline policies of a role have 10,240 characters in all.
resource "aws_iam_policy" "this" {
  for_each = var.policies

  name        = "${local.name}-${each.key}"
  description = "For the builds ${local.name}-*: ${each.key}."
  policy      = each.value
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = var.policies

  role       = aws_iam_role.this.name
  policy_arn = aws_iam_policy.this[each.key].arn
}
