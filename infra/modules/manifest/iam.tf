# Both functions answer the pipeline. Artifacts need no permission: each job brings credentials for them.
# https://docs.aws.amazon.com/codepipeline/latest/userguide/action-reference-Lambda.html
data "aws_iam_policy_document" "pipeline_job" {
  #checkov:skip=CKV_AWS_111:IAM knows no resource for the answers to CodePipeline.
  #checkov:skip=CKV_AWS_356:IAM knows no resource for the answers to CodePipeline.
  statement {
    sid     = "AnswerPipeline"
    actions = ["codepipeline:PutJobFailureResult", "codepipeline:PutJobSuccessResult"]
    # Neither action supports a resource; they need the id of a job.
    resources = ["*"]
  }
}

data "aws_iam_policy_document" "update_schema" {
  source_policy_documents = [data.aws_iam_policy_document.pipeline_job.json]

  statement {
    sid     = "ApproveModelPackage"
    actions = ["sagemaker:DescribeModelPackage", "sagemaker:UpdateModelPackage"]
    # {group}/{version}
    resources = ["${local._sagemaker}:model-package/${var.prefix}-*/*"]
  }

  statement {
    # update_schema compares the archive, {RunId}/training/{job}/output/model.tar.gz, with the model registry.
    sid       = "CompareModel"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.workflow.arn}/*/training/*/output/model.tar.gz"]
  }
}

locals {
  _sagemaker = "arn:${var.account.partition}:sagemaker:${var.account.region}:${var.account.id}"
  policies = {
    create_schema = data.aws_iam_policy_document.create_schema.json
    update_schema = data.aws_iam_policy_document.update_schema.json
  }
}
