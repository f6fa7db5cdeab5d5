locals {
  # A pause in the evening, a resume in the morning.
  dev_hours = var.cost.dev_hours == null ? {} : { pause = var.cost.dev_hours.pause, resume = var.cost.dev_hours.resume }
}

data "aws_iam_policy_document" "pause_dev_endpoints" {
  #checkov:skip=CKV_AWS_356:The list actions have no resource.
  statement {
    sid     = "FindEndpointsAndVersions"
    actions = ["sagemaker:ListEndpointConfigs", "sagemaker:ListEndpoints", "sagemaker:ListModelPackages"]
    # IAM knows no resource for these.
    resources = ["*"]
  }

  statement {
    sid = "CreateDevEndpoints"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateEndpoint",
      "sagemaker:DescribeEndpoint",
    ]
    resources = ["${local._sagemaker}:endpoint/${var.prefix}-*-dev"]
  }

  # The name alone could also be that of the prod endpoint of a use case that is called x-dev.
  statement {
    sid       = "DeleteDevEndpoints"
    actions   = ["sagemaker:DeleteEndpoint"]
    resources = ["${local._sagemaker}:endpoint/${var.prefix}-*-dev"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Target"
      values   = ["dev"]
    }
  }

  statement {
    sid = "MarkConfigurations"
    actions = [
      "sagemaker:AddTags",
      "sagemaker:CreateEndpoint",
      "sagemaker:DeleteTags",
      "sagemaker:DescribeEndpointConfig",
    ]
    # The name of a configuration begins with the use case.
    resources = ["${local._sagemaker}:endpoint-config/*"]

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Environment"
      values   = [var.prefix]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Target"
      values   = ["dev"]
    }
  }

  # Only the tags say which configurations are of dev endpoints.
  statement {
    sid       = "ReadTags"
    actions   = ["sagemaker:ListTags"]
    resources = ["${local._sagemaker}:endpoint-config/*"]
  }

  statement {
    sid     = "ReadRegistry"
    actions = ["sagemaker:DescribeModelPackage"]
    # {group}/{version}
    resources = ["${local._sagemaker}:model-package/${var.prefix}-*/*"]
  }

  statement {
    sid       = "ReadSettingsOfRuns"
    actions   = ["s3:GetObject"]
    resources = ["${var.workflow_bucket.arn}/*/config/use_case.json"]
  }

  # Without this permission S3 answers "access denied" instead of "no such key" for a missing object.
  statement {
    sid       = "ListRuns"
    actions   = ["s3:ListBucket"]
    resources = [var.workflow_bucket.arn]
  }

  # Creating an endpoint with encrypted volumes gives SageMaker a grant on the key.
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

module "pause_dev_endpoints" {
  source = "../function"
  count  = var.cost.dev_hours == null ? 0 : 1

  alarm_topic_arn = var.alarm_topic_arn
  description     = "Deletes the dev endpoints in the evening and creates them again in the morning."
  kms_key_arn     = var.kms_key_arn
  logs            = var.logs
  name            = local.names.pause_dev_endpoints
  package         = "${var.package_dir}/pause_dev_endpoints.zip"
  policy          = data.aws_iam_policy_document.pause_dev_endpoints.json
  settings        = merge(local.settings, { WORKFLOW_BUCKET = var.workflow_bucket.name })
  timeout_seconds = 300
}

resource "aws_scheduler_schedule" "dev_hours" {
  for_each = local.dev_hours

  name                         = "${var.prefix}-${each.key}-dev-endpoints"
  description                  = "Calls the function with the action ${each.key}."
  kms_key_arn                  = var.kms_key_arn
  schedule_expression          = each.value
  schedule_expression_timezone = var.cost.dev_hours.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.pause_dev_endpoints[0].arn
    role_arn = aws_iam_role.schedules.arn
    input    = jsonencode({ Action = each.key })
  }
}
