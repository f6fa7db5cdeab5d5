data "aws_iam_policy_document" "plan_drift" {
  statement {
    sid     = "FindLiveModel"
    actions = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:DescribeModel", "sagemaker:ListTags"]
    # Models and endpoint configurations begin with the name of the use case, endpoints with the prefix.
    resources = ["${local.sagemaker}:endpoint/${var.prefix}-*", "${local.sagemaker}:endpoint-config/*", "${local.sagemaker}:model/*"]
  }

  statement {
    sid       = "ListCaptureAndLabels"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.workflow.arn]

    condition {
      test     = "StringLike"
      variable = "s3:prefix"
      values   = ["capture/*", "labels/*"]
    }
  }

  statement {
    sid     = "WritePlan"
    actions = ["s3:PutObject"]
    # monitoring/{endpoint}/{time}/
    resources = ["${var.buckets.workflow.arn}/monitoring/*"]
  }

  statement {
    sid       = "Encrypt"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}

data "aws_iam_policy_document" "start_retraining" {
  statement {
    sid     = "ReadReports"
    actions = ["s3:GetObject"]
    # monitoring/{endpoint}/{time}/, retraining/{endpoint}/started/, {RunId}/source/
    resources = [for key in ["monitoring/*", "retraining/*", "*/source/*"] : "${var.buckets.workflow.arn}/${key}"]
  }

  statement {
    # The run ids are not known before.
    sid       = "ListReportsAndData"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.workflow.arn]
  }

  statement {
    sid       = "WriteData"
    actions   = ["s3:AbortMultipartUpload", "s3:PutObject"]
    resources = ["${var.buckets.workflow.arn}/*/source/*", "${var.buckets.workflow.arn}/retraining/*"]
  }

  statement {
    sid       = "EncryptData"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    # {endpoint}-drift
    sid       = "ReadAlarm"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["${local._head}:cloudwatch:${local._tail}:alarm:${var.prefix}-*-drift"]
  }

  statement {
    sid       = "StartPipeline"
    actions   = ["codepipeline:GetPipelineExecution", "codepipeline:StartPipelineExecution"]
    resources = [local.pipeline]
  }
}
