# The role of every job, model and endpoint: it reads the job code, and reads and writes the data of runs.
data "aws_iam_policy_document" "sagemaker_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["sagemaker.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

data "aws_iam_policy_document" "sagemaker" {
  #checkov:skip=CKV_AWS_111:The only "*" are metrics, limited to SageMaker's namespaces, and the ECR login: IAM knows no resource for them.
  #checkov:skip=CKV_AWS_356:The only "*" are metrics, limited to SageMaker's namespaces, and the ECR login: IAM knows no resource for them.
  statement {
    sid     = "ReadCode"
    actions = ["s3:GetObject"]
    # code/{CodeVersion}/...: the manifest names the version.
    resources = ["${var.buckets.source.arn}/code/*"]
  }

  statement {
    sid     = "ReadAndWriteRuns"
    actions = ["s3:AbortMultipartUpload", "s3:GetObject", "s3:PutObject"]
    # {RunId}/...: the run id is a UUID, different for each run.
    resources = ["${var.buckets.workflow.arn}/*"]
  }

  statement {
    # SageMaker lists a prefix before it downloads the objects.
    sid       = "ListInputs"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.source.arn, var.buckets.workflow.arn]
  }

  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:DescribeKey", "kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    # SageMaker encrypts a volume through a grant on the key.
    sid       = "EncryptVolumes"
    actions   = ["kms:CreateGrant"]
    resources = [var.kms_key_arn]

    condition {
      test     = "Bool"
      variable = "kms:GrantIsForAWSResource"
      values   = ["true"]
    }
  }

  statement {
    sid = "Log"
    actions = [
      "logs:CreateLogGroup",
      "logs:CreateLogStream",
      "logs:DescribeLogStreams",
      "logs:PutLogEvents",
    ]
    # SageMaker's own groups: /aws/sagemaker/TrainingJobs, /ProcessingJobs, /Endpoints/{name}, ...
    resources = ["${local._head}:logs:${local._tail}:log-group:/aws/sagemaker/*"]
  }

  statement {
    sid     = "PutMetrics"
    actions = ["cloudwatch:PutMetricData"]
    # The action supports no resource; the condition limits it to SageMaker's namespaces.
    resources = ["*"]

    condition {
      test     = "StringLike"
      variable = "cloudwatch:namespace"
      values   = ["/aws/sagemaker/*"]
    }
  }

  statement {
    sid       = "PullImages"
    actions   = ["ecr:BatchCheckLayerAvailability", "ecr:BatchGetImage", "ecr:GetDownloadUrlForLayer"]
    resources = var.image_repository_arns
  }

  statement {
    sid     = "LogInToEcr"
    actions = ["ecr:GetAuthorizationToken"]
    # The action supports no resource: the token is valid for the whole account.
    resources = ["*"]
  }
}

resource "aws_iam_role" "sagemaker" {
  name               = "${var.prefix}-sagemaker"
  description        = "Execution role of the SageMaker jobs, models and endpoints of ${var.prefix}."
  assume_role_policy = data.aws_iam_policy_document.sagemaker_assume.json
}

resource "aws_iam_role_policy" "sagemaker" {
  name   = "jobs"
  role   = aws_iam_role.sagemaker.id
  policy = data.aws_iam_policy_document.sagemaker.json
}
