locals {
  prefix     = "${var.stack.service}-${var.stack.stage}"
  _head      = "arn:${var.account.partition}"
  _tail      = "${var.account.region}:${var.account.id}"
  _sagemaker = "${local._head}:sagemaker:${local._tail}"
  policies = {
    plan_deployment = data.aws_iam_policy_document.plan_deployment.json
    test_endpoint   = data.aws_iam_policy_document.test_endpoint.json
  }
}

# It only reads: the state machine has the permissions for what it decides.
data "aws_iam_policy_document" "plan_deployment" {
  #checkov:skip=CKV_AWS_356:The only "*" are list and describe actions for which IAM knows no resource.
  statement {
    sid = "ListVersionsAndScaling"
    actions = [
      "application-autoscaling:DescribeScalableTargets",
      "application-autoscaling:DescribeScalingPolicies",
      "sagemaker:ListModelPackages",
    ]
    # The service authorization reference names no resource for the actions.
    resources = ["*"]
  }

  statement {
    sid     = "ReadRegistry"
    actions = ["sagemaker:DescribeModelPackage"]
    # {group}/{version}
    resources = ["${local._sagemaker}:model-package/${local.prefix}-*/*"]
  }

  statement {
    sid = "ReadEndpoints"
    actions = [
      "sagemaker:DescribeEndpoint",
      "sagemaker:DescribeEndpointConfig",
      "sagemaker:ListTags",
    ]
    resources = [
      "${local._sagemaker}:endpoint/${local.prefix}-*",
      "${local._sagemaker}:endpoint-config/${local.prefix}-*",
    ]
  }

  statement {
    sid     = "FindModels"
    actions = ["sagemaker:DescribeModel"]
    # {use case}-model-{uuid} of a training, {prefix}-{use case}-{version}-model of a version without one.
    resources = ["${local._sagemaker}:model/*-model*"]
  }

  statement {
    sid       = "SeeRaisedAlarms"
    actions   = ["cloudwatch:DescribeAlarms"]
    resources = ["${local._head}:cloudwatch:${local._tail}:alarm:${local.prefix}-*-rollout-*"]
  }

  statement {
    # The archive of a model is compared with its registered hash before it is deployed.
    sid     = "ReadModelsAndSettings"
    actions = ["s3:GetObject"]
    resources = [
      "${var.workflow_bucket.arn}/*/config/use_case.json",
      "${var.workflow_bucket.arn}/*/model.tar.gz",
    ]
  }

  # Without this permission S3 answers "access denied" instead of "no such key" for a missing object.
  statement {
    sid       = "ListRuns"
    actions   = ["s3:ListBucket"]
    resources = [var.workflow_bucket.arn]
  }
}

data "aws_iam_policy_document" "test_endpoint" {
  statement {
    sid     = "CallDevEndpoints"
    actions = ["sagemaker:InvokeEndpoint"]
    # One dev endpoint per use case.
    resources = ["${local._sagemaker}:endpoint/${local.prefix}-*-dev"]
  }

  statement {
    sid     = "ReadRows"
    actions = ["s3:GetObject"]
    resources = [
      "${var.workflow_bucket.arn}/*/config/use_case.json",
      "${var.workflow_bucket.arn}/*/preprocessing/test/*",
    ]
  }

  # Without this permission S3 answers "access denied" instead of "no such key" for a missing object.
  statement {
    sid       = "ListRuns"
    actions   = ["s3:ListBucket"]
    resources = [var.workflow_bucket.arn]
  }

  statement {
    sid       = "WriteResults"
    actions   = ["s3:PutObject"]
    resources = ["${var.workflow_bucket.arn}/*/deployment/*"]
  }

  statement {
    sid       = "EncryptResults"
    actions   = ["kms:GenerateDataKey"]
    resources = [var.kms_key_arn]
  }
}
