data "aws_iam_policy_document" "upload" {
  statement {
    sid       = "FindSourceBucket"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local.arns.parameters, "${local.arns.parameters}/*"]
  }

  statement {
    sid       = "UploadSources"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.arns.source_bucket}/code/*", "${local.arns.source_bucket}/config/*"]
  }

  # Without it S3 answers 403 instead of 404 for an object that does not exist yet.
  statement {
    sid       = "ListSources"
    actions   = ["s3:ListBucket"]
    resources = [local.arns.source_bucket]
  }

  statement {
    sid       = "EncryptSources"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey"]
    resources = [local.arns.keys]

    # The key of infra/ is known by its tags, since its id is not.
    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Service"
      values   = [var.service]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:ResourceTag/Stage"
      values   = [var.build_stage]
    }
  }

  # What verifies the image that the manifest names: its digest, the signed statements, the public key.
  dynamic "statement" {
    for_each = var.require_signed_image ? [true] : []

    content {
      sid       = "FindImage"
      actions   = ["ecr:DescribeImages"]
      resources = [local.arns.repository]
    }
  }

  dynamic "statement" {
    for_each = var.require_signed_image ? [true] : []

    content {
      sid       = "ReadAttestations"
      actions   = ["s3:GetObject"]
      resources = ["${local.arns.source_bucket}/attestations/*"]
    }
  }

  dynamic "statement" {
    for_each = var.require_signed_image ? [true] : []

    content {
      sid       = "ReadPublicKey"
      actions   = ["kms:GetPublicKey"]
      resources = [local.arns.keys]

      # The signing key is known by its tags, since its id is not.
      condition {
        test     = "StringEquals"
        variable = "aws:ResourceTag/Service"
        values   = [var.service]
      }

      condition {
        test     = "StringEquals"
        variable = "aws:ResourceTag/Stage"
        values   = [var.build_stage]
      }
    }
  }
}
