data "aws_iam_policy_document" "create_schema" {
  source_policy_documents = [data.aws_iam_policy_document.pipeline_job.json]

  statement {
    sid     = "ReadUseCases"
    actions = ["s3:GetObject"]
    # One file per use case.
    resources = ["${var.buckets.source.arn}/config/use_cases/*"]
  }

  statement {
    # The object marks a complete upload of the code: code/{CodeVersion}/CODE_VERSION.
    sid       = "ReadCodeVersion"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.source.arn}/code/*/CODE_VERSION"]
  }

  # Without this permission S3 answers "access denied" instead of "no such key" for a missing object.
  statement {
    sid       = "ListSource"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.source.arn]
  }

  statement {
    # create_schema checks that the model.tar.gz of the champion still exists.
    sid       = "ListModels"
    actions   = ["s3:ListBucket"]
    resources = [var.buckets.workflow.arn]
  }

  statement {
    sid     = "PrepareRun"
    actions = ["s3:PutObject"]
    # {RunId}/...: the run id is a new UUID each time
    resources = [for key in ["champion/none.json", "config/use_case.json", "inference/", "source/"] : "${var.buckets.workflow.arn}/*/${key}"]
  }

  statement {
    sid       = "EncryptRun"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid = "CreateModelPackageGroup"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateModelPackageGroup",
      "sagemaker:DescribeModelPackageGroup",
    ]
    # One group per use case.
    resources = ["${local._sagemaker}:model-package-group/${var.prefix}-*"]
  }

  statement {
    sid     = "FindChampion"
    actions = ["sagemaker:ListModelPackages"]
    # A list action: the service authorization reference names no resource for it.
    resources = ["*"]
  }

  statement {
    sid     = "DescribeChampion"
    actions = ["sagemaker:DescribeModelPackage"]
    # {group}/{version}
    resources = ["${local._sagemaker}:model-package/${var.prefix}-*/*"]
  }
}
