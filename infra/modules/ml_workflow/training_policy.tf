# Job names end with the name of the execution ({use case}-preprocess-{uuid}): the policy matches the step's name.
data "aws_iam_policy_document" "training" {
  statement {
    sid       = "PassJobRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.sagemaker.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid = "RunProcessingJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateProcessingJob",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:ListTags",
      "sagemaker:StopProcessingJob",
    ]
    resources = [
      "${local.sagemaker}:processing-job/*-evaluate-*",
      "${local.sagemaker}:processing-job/*-preprocess-*",
    ]
  }

  statement {
    sid = "RunTrainingJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateTrainingJob",
      "sagemaker:DescribeTrainingJob",
      "sagemaker:ListTags",
      "sagemaker:StopTrainingJob",
    ]
    resources = ["${local.sagemaker}:training-job/*-train-*"]
  }

  # .sync waits for the job's event through a rule that Step Functions manages under this name:
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
  statement {
    sid     = "WaitForJobs"
    actions = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = [
      for kind in ["Processing", "Training"] :
      "${local._head}:events:${local._tail}:rule/StepFunctionsGetEventsForSageMaker${kind}JobsRule"
    ]
  }

  statement {
    sid     = "ReadEvaluation"
    actions = ["s3:GetObject"]
    # {RunId}/...
    resources = ["${var.buckets.workflow.arn}/*/evaluation/output/evaluation.json"]
  }

  statement {
    sid       = "DecryptEvaluation"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid       = "CreateModel"
    actions   = ["sagemaker:AddTags", "sagemaker:CreateModel"]
    resources = ["${local.sagemaker}:model/*-model-*"]
  }

  statement {
    sid     = "RegisterModel"
    actions = ["sagemaker:CreateModelPackage"]
    resources = [
      # One group per use case.
      "${local.sagemaker}:model-package-group/${var.prefix}-*",
      # {group}/{version}
      "${local.sagemaker}:model-package/${var.prefix}-*/*",
    ]
  }
}
