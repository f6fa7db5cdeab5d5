data "aws_iam_policy_document" "inference" {
  source_policy_documents = [data.aws_iam_policy_document.machine.json]

  statement {
    sid = "RunTransformJobs"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateTransformJob",
      "sagemaker:DescribeTransformJob",
      "sagemaker:ListTags",
      "sagemaker:StopTransformJob",
    ]
    # {use case}-transform-{uuid}
    resources = ["${local.sagemaker}:transform-job/*-transform-*"]
  }

  # .sync waits for the job's event through a rule that Step Functions manages under this name:
  # https://docs.aws.amazon.com/step-functions/latest/dg/connect-sagemaker.html
  statement {
    sid       = "WaitForJobs"
    actions   = ["events:DescribeRule", "events:PutRule", "events:PutTargets"]
    resources = ["${local._head}:events:${local._tail}:rule/StepFunctionsGetEventsForSageMakerTransformJobsRule"]
  }

  statement {
    # HeadObject of {RunId}/training/{job}/output/model.tar.gz.
    sid       = "FindModelData"
    actions   = ["s3:GetObject"]
    resources = ["${var.buckets.workflow.arn}/*/training/*/output/model.tar.gz"]
  }

  statement {
    sid = "DeployEndpoint"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateEndpoint",
      "sagemaker:CreateEndpointConfig",
      "sagemaker:DescribeEndpoint",
      "sagemaker:UpdateEndpoint",
    ]
    resources = [
      # {use case}-config-{uuid}
      "${local.sagemaker}:endpoint-config/*-config-*",
      # One endpoint per use case.
      "${local.sagemaker}:endpoint/${var.prefix}-*",
    ]
  }

  statement {
    # {endpoint}-rollout-errors, -latency and -abort. UpdateEndpoint needs DescribeAlarms of its caller:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    sid       = "GuardRollouts"
    actions   = ["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState"]
    resources = ["${local._head}:cloudwatch:${local._tail}:alarm:${var.prefix}-*-rollout-*"]
  }

  # Creating an endpoint with encrypted volumes gives SageMaker a grant on the key:
  # https://docs.aws.amazon.com/sagemaker/latest/dg/api-permissions-reference.html
  statement {
    sid       = "EncryptEndpointVolumes"
    actions   = ["kms:CreateGrant", "kms:DescribeKey"]
    resources = [var.kms_key_arn]

    condition {
      test     = "StringEquals"
      variable = "kms:ViaService"
      values   = ["sagemaker.${var.account.region}.amazonaws.com"]
    }
  }
}
