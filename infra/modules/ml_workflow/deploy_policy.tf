data "aws_iam_policy_document" "deploy" {
  statement {
    sid       = "CallFunctions"
    actions   = ["lambda:InvokeFunction"]
    resources = values(var.deployment_functions)
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
      # {prefix}-{use case}-{version}-{hash}
      "${local.sagemaker}:endpoint-config/${var.prefix}-*",
      # {prefix}-{use case} and {prefix}-{use case}-dev
      "${local.sagemaker}:endpoint/${var.prefix}-*",
    ]
  }

  statement {
    # The model of a version that was registered by hand, or whose model was deleted.
    sid     = "CreateModel"
    actions = ["sagemaker:AddTags", "sagemaker:CreateModel"]
    # {prefix}-{use case}-{version}-model and, as the training names it, {use case}-model-{uuid}
    resources = ["${local.sagemaker}:model/${var.prefix}-*-model*", "${local.sagemaker}:model/*-model-*"]
  }

  statement {
    sid       = "PassRole"
    actions   = ["iam:PassRole"]
    resources = [aws_iam_role.sagemaker.arn]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = ["sagemaker.amazonaws.com"]
    }
  }

  statement {
    # A version that was rolled back.
    sid     = "RejectVersion"
    actions = ["sagemaker:UpdateModelPackage"]
    # {group}/{version}
    resources = ["${local.sagemaker}:model-package/${var.prefix}-*/*"]
  }

  statement {
    # {endpoint}-rollout-errors, -latency and -abort. UpdateEndpoint needs DescribeAlarms of its caller:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/deployment-guardrails-configuration.html
    sid       = "GuardRollouts"
    actions   = ["cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm", "cloudwatch:SetAlarmState"]
    resources = ["${local._head}:cloudwatch:${local._tail}:alarm:${var.prefix}-*-rollout-*"]
  }

  statement {
    sid = "Scale"
    actions = [
      "application-autoscaling:DeregisterScalableTarget",
      "application-autoscaling:PutScalingPolicy",
      "application-autoscaling:RegisterScalableTarget",
    ]
    # The id of a scalable target is known only once it exists.
    resources = ["${local._head}:application-autoscaling:${local._tail}:scalable-target/*"]

    condition {
      test     = "StringEquals"
      variable = "application-autoscaling:service-namespace"
      values   = ["sagemaker"]
    }
  }

  statement {
    # What Application Auto Scaling asks of the caller that registers an endpoint.
    sid     = "LetEndpointsScale"
    actions = ["sagemaker:DescribeEndpoint", "sagemaker:DescribeEndpointConfig", "sagemaker:UpdateEndpointWeightsAndCapacities"]
    resources = [
      "${local.sagemaker}:endpoint-config/${var.prefix}-*",
      "${local.sagemaker}:endpoint/${var.prefix}-*",
    ]
  }

  statement {
    # Application Auto Scaling acts with a role of its own, which it creates with the first scalable target:
    # https://docs.aws.amazon.com/sagemaker/latest/dg/endpoint-auto-scaling-prerequisites.html
    sid       = "CreateScalingRole"
    actions   = ["iam:CreateServiceLinkedRole"]
    resources = ["${local._head}:iam::${var.account.id}:role/aws-service-role/sagemaker.application-autoscaling.amazonaws.com/AWSServiceRoleForApplicationAutoScaling_SageMakerEndpoint"]

    condition {
      test     = "StringEquals"
      variable = "iam:AWSServiceName"
      values   = ["sagemaker.application-autoscaling.amazonaws.com"]
    }
  }

  statement {
    # The alarms of a scaling policy: TargetTracking-endpoint/{endpoint}/variant/{variant}-...
    sid       = "PutScalingAlarms"
    actions   = ["cloudwatch:DeleteAlarms", "cloudwatch:DescribeAlarms", "cloudwatch:PutMetricAlarm"]
    resources = ["${local._head}:cloudwatch:${local._tail}:alarm:TargetTracking-endpoint/${var.prefix}-*"]
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
