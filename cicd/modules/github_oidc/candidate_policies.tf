# What the commands /evaluate and /deploy-candidate do. They share no role: the first starts a run with the code of a
# pull request, the second decides that its model goes into production.
locals {
  _pipeline       = "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${var.stack}-ml-pipeline"
  _bucket         = "arn:${var.account.partition}:s3:::${var.stack}-${var.account.id}"
  _models         = "arn:${var.account.partition}:sagemaker:${var.account.region}:${var.account.id}"
  _state_machines = "arn:${var.account.partition}:states:${var.account.region}:${var.account.id}:execution:${var.stack}-*:*"
  _parameters     = "arn:${var.account.partition}:ssm:${var.account.region}:${var.account.id}:parameter/${replace(var.parameter_path, "/^//", "")}"
}

data "aws_iam_policy_document" "follow" {
  statement {
    sid       = "FindDeployment"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local._parameters, "${local._parameters}/*"]
  }

  statement {
    sid = "FollowRun"
    actions = [
      "codepipeline:GetPipeline",
      "codepipeline:GetPipelineExecution",
      "codepipeline:GetPipelineState",
      "codepipeline:ListActionExecutions",
      "codepipeline:ListPipelineExecutions",
    ]
    resources = [local._pipeline]
  }

  statement {
    sid       = "FollowStateMachines"
    actions   = ["states:GetExecutionHistory"]
    resources = [local._state_machines]
  }

  statement {
    sid     = "ReadResults"
    actions = ["s3:GetObject", "s3:GetObjectVersion"]
    resources = [
      "${local._bucket}-artifact-bucket/*",
      "${local._bucket}-workflow-bucket/*/evaluation/output/*",
      "${local._bucket}-workflow-bucket/evaluations/*",
    ]
  }

  # Without it S3 answers 403 instead of 404 for an object that does not exist.
  statement {
    sid       = "ListWorkflowBucket"
    actions   = ["s3:ListBucket"]
    resources = ["${local._bucket}-workflow-bucket"]
  }

  statement {
    sid       = "ReadModels"
    actions   = ["sagemaker:DescribeModelPackage", "sagemaker:ListModelPackages"]
    resources = ["${local._models}:model-package-group/${var.stack}-*", "${local._models}:model-package/${var.stack}-*"]
  }

  # The key of infra/ is known by its tags, since its id is not.
  statement {
    sid       = "UseKey"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = ["arn:${var.account.partition}:kms:${var.account.region}:${var.account.id}:key/*"]

    dynamic "condition" {
      for_each = var.key_tags

      content {
        test     = "StringEquals"
        variable = "aws:ResourceTag/${condition.key}"
        values   = [condition.value]
      }
    }
  }
}

data "aws_iam_policy_document" "evaluation" {
  source_policy_documents = [data.aws_iam_policy_document.follow.json]

  statement {
    sid       = "UploadCandidate"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local._bucket}-source-bucket/code/*", "${local._bucket}-source-bucket/config/evaluations/*"]
  }

  statement {
    sid       = "ListSourceBucket"
    actions   = ["s3:ListBucket"]
    resources = ["${local._bucket}-source-bucket"]
  }

  # The data of the model in production, for the run of the candidate.
  statement {
    sid       = "CopyData"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local._bucket}-workflow-bucket/*/source/*"]
  }

  statement {
    sid       = "RecordEvaluation"
    actions   = ["s3:PutObject"]
    resources = ["${local._bucket}-workflow-bucket/evaluations/*"]
  }

  statement {
    sid       = "StartAndStopRuns"
    actions   = ["codepipeline:StartPipelineExecution", "codepipeline:StopPipelineExecution"]
    resources = [local._pipeline]
  }

  # Not ApproveModel: that is a deployment.
  statement {
    sid       = "ConfirmData"
    actions   = ["codepipeline:PutApprovalResult"]
    resources = ["${local._pipeline}/MachineLearningStage/UploadSourceData"]
  }

  statement {
    sid       = "NamePullRequest"
    actions   = ["sagemaker:UpdateModelPackage"]
    resources = ["${local._models}:model-package/${var.stack}-*"]
  }
}

data "aws_iam_policy_document" "deployment" {
  source_policy_documents = [data.aws_iam_policy_document.follow.json]

  statement {
    sid     = "ApproveModel"
    actions = ["codepipeline:PutApprovalResult"]
    resources = [
      "${local._pipeline}/ApproveModelStage/ApproveModel",
      "${local._pipeline}/InferenceStage/UploadInferenceDataConfirmation",
    ]
  }

  statement {
    sid       = "LockDeployment"
    actions   = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = ["${local._bucket}-workflow-bucket/evaluations/deployment.lock"]
  }
}
