data "aws_iam_policy_document" "pipeline_assume" {
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

data "aws_iam_policy_document" "pipeline" {
  # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-S3.html
  statement {
    sid = "ReadManifest"
    actions = [
      "s3:GetObject",
      "s3:GetObjectTagging",
      "s3:GetObjectVersion",
      "s3:GetObjectVersionTagging",
    ]
    resources = ["${var.buckets.source.arn}/${local.manifest_key}", "${var.buckets.source.arn}/config/evaluations/*", "${var.buckets.source.arn}/config/jobs/*"]
  }

  statement {
    sid       = "InspectBuckets"
    actions   = ["s3:GetBucketAcl", "s3:GetBucketLocation", "s3:GetBucketVersioning"]
    resources = [var.buckets.artifact.arn, var.buckets.source.arn]
  }

  statement {
    sid     = "ExchangeArtifacts"
    actions = ["s3:GetObject", "s3:GetObjectVersion", "s3:PutObject"]
    # CodePipeline chooses the keys.
    resources = ["${var.buckets.artifact.arn}/*"]
  }

  # Artifacts, and the messages of the encrypted approval topic.
  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "InvokeFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = [for function in values(var.functions) : function.arn]
  }

  # https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-StepFunctions.html
  statement {
    sid       = "StartStateMachines"
    actions   = ["states:DescribeStateMachine", "states:StartExecution"]
    resources = values(var.state_machine_arns)
  }

  statement {
    sid     = "WatchExecutions"
    actions = ["states:DescribeExecution"]
    # CodePipeline chooses the name of an execution when it starts one.
    resources = [for arn in values(var.state_machine_arns) : "${replace(arn, ":stateMachine:", ":execution:")}:*"]
  }

  statement {
    sid       = "NotifyApprovers"
    actions   = ["sns:Publish"]
    resources = [var.approval_topic_arn]
  }
}

resource "aws_iam_role" "pipeline" {
  name               = local.name
  description        = "Role of the pipeline ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.pipeline_assume.json
}

resource "aws_iam_role_policy" "pipeline" {
  name   = "pipeline"
  role   = aws_iam_role.pipeline.id
  policy = data.aws_iam_policy_document.pipeline.json
}
