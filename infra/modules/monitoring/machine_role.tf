data "aws_iam_policy_document" "machine_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["states.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }

    condition {
      test     = "ArnLike"
      variable = "aws:SourceArn"
      values   = ["${local._head}:states:${local._tail}:stateMachine:${local.name}"]
    }
  }
}

data "aws_iam_policy_document" "machine" {
  #checkov:skip=CKV_AWS_111:The only "*" are metrics, limited to one namespace, log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_356:The only "*" are metrics, limited to one namespace, log deliveries and X-Ray, for which IAM knows no resource.
  #checkov:skip=CKV_AWS_109:logs:PutResourcePolicy supports no resource; Step Functions needs it to log.
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

  # These actions support no resource: https://docs.aws.amazon.com/step-functions/latest/dg/cw-logs.html
  statement {
    sid = "Log"
    actions = [
      "logs:CreateLogDelivery",
      "logs:DeleteLogDelivery",
      "logs:DescribeLogGroups",
      "logs:DescribeResourcePolicies",
      "logs:GetLogDelivery",
      "logs:ListLogDeliveries",
      "logs:PutResourcePolicy",
      "logs:UpdateLogDelivery",
    ]
    resources = ["*"]
  }

  statement {
    sid = "Trace"
    actions = [
      "xray:GetSamplingRules",
      "xray:GetSamplingTargets",
      "xray:PutTelemetryRecords",
      "xray:PutTraceSegments",
    ]
    # X-Ray has no resource for traces.
    resources = ["*"]
  }
}

resource "aws_iam_role" "machine" {
  name               = local.name
  description        = "Role of the state machine ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.machine_assume.json
}

resource "aws_iam_role_policy" "machine" {
  name   = "machine"
  role   = aws_iam_role.machine.id
  policy = data.aws_iam_policy_document.machine.json
}
