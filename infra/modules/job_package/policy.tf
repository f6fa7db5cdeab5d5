data "aws_iam_policy_document" "function" {
  statement {
    sid       = "ReadUpload"
    actions   = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = ["${var.buckets.source.arn}/config/manifest.json", "${var.buckets.source.arn}/${local.prefix}*"]
  }

  statement {
    sid     = "WriteManifestAndAnswer"
    actions = ["s3:PutObject"]
    # The keys are those of the uploads.
    resources = ["${var.buckets.source.arn}/config/jobs/*", "${var.buckets.source.arn}/job-answers/*"]
  }

  statement {
    sid     = "WriteData"
    actions = ["s3:PutObject"]
    # CodePipeline chooses the id of a run when it is started.
    resources = ["${var.buckets.workflow.arn}/*/source/*"]
  }

  statement {
    sid       = "EncryptData"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "StartRun"
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = [var.pipeline.arn]
  }
}
