data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:The only "*" is metrics, limited to one namespace, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" is metrics, limited to one namespace, for which IAM knows no resource.
  statement {
    sid       = "CallFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = [for function in module.function : function.arn]
  }

  statement {
    sid       = "PassJobRole"
    actions   = ["iam:PassRole"]
    resources = [var.sagemaker_role_arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    sid = "RunDriftJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateProcessingJob",
      "sagemaker:DescribeProcessingJob",
      "sagemaker:ListTags",
      "sagemaker:StopProcessingJob",
    ]
    # {use case}-drift-{time}
    resources = ["${local.sagemaker}:processing-job/*-drift-*"]
  }

  # .sync waits for the job's event through a rule that Step Functions manages under this name:
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
  statement {
    sid       = "WaitForJobs"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["${local._head}:events:${local._tail}:rule/StepFunctionsGetEventsForSageMakerProcessingJobsRule"]
  }

  statement {
    sid     = "ReadVerdict"
    actions = ["s3:GetObject"]
    # monitoring/{endpoint}/{time}/verdict.json
    resources = ["${var.buckets.workflow.arn}/monitoring/*/verdict.json"]
  }

  statement {
    sid       = "DecryptVerdict"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }

  statement {
    sid     = "PublishMetrics"
    actions = ["cloudwatch:PutMetricData"]
    # The action supports no resource; the condition limits it to this deployment's namespace.
    resources = ["*"]

    condition {
      test     = "StringEquals"
      variable = "cloudwatch:namespace"
      values   = [var.prefix]
    }
  }
}
