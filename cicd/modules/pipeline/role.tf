data "aws_iam_policy_document" "assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["codepipeline.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [local.arn]
    }
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid       = "FetchSource"
    actions   = var.source_action.permissions.actions
    resources = var.source_action.permissions.resources
  }

  statement {
    sid       = "InspectBucket"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
    resources = [var.artifact_bucket.arn]
  }

  statement {
    sid     = "ExchangeArtifacts"
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    # CodePipeline chooses the keys.
    resources = ["${var.artifact_bucket.arn}/*"]
  }

  # Artifacts, and the messages of the encrypted approval topic.
  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-CodeBuild.html
  statement {
    sid       = "Build"
    actions   = ["codebuild:BatchGetBuilds", "codebuild:StartBuild", "codebuild:StopBuild"]
    resources = [for build in values(local._builds) : var.projects[build.project].arn]
  }

  statement {
    sid       = "NotifyApprovers"
    actions   = ["sns:Publish"]
    resources = [var.approval_topic_arn]
  }
}

resource "aws_iam_role" "this" {
  name               = local.name
  description        = "Role of the pipeline ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.assume.json
}

resource "aws_iam_role_policy" "this" {
  name   = "pipeline"
  role   = aws_iam_role.this.id
  policy = data.aws_iam_policy_document.this.json
}
