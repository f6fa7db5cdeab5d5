data "aws_iam_policy_document" "image" {
  statement {
    sid = "PushToOurRepository"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
      "ecr:DescribeRepositories",
      "ecr:DescribeImageScanFindings",
      "ecr:GetDownloadUrlForLayer",
      "ecr:InitiateLayerUpload",
      "ecr:PutImage",
      "ecr:UploadLayerPart",
    ]
    resources = [local.arns.repository]
  }

  statement {
    sid     = "LogInToEcr"
    actions = ["ecr:GetAuthorizationToken"]
    # The login is to the registry, not to a repository: ECR supports no resource for it.
    resources = ["*"]
  }

  # Signed statements about the image: what it is made of, and how it was built.
  statement {
    sid       = "StoreAttestations"
    actions   = ["s3:GetObject", "s3:PutObject"]
    resources = ["${local.arns.source_bucket}/attestations/*"]
  }

  # Without it S3 answers 403 instead of 404 for an object that does not exist yet.
  statement {
    sid       = "ListAttestations"
    actions   = ["s3:ListBucket"]
    resources = [local.arns.source_bucket]
  }

  statement {
    sid       = "FindSourceBucket"
    actions   = ["ssm:GetParametersByPath"]
    resources = [local.arns.parameters, "${local.arns.parameters}/*"]
  }

  # Sign belongs to the signing key, the other two to the key that encrypts the source bucket. Both are known by
  # their tags, since their ids are not.
  statement {
    sid       = "SignAndEncrypt"
    actions   = ["kms:Decrypt", "kms:GenerateDataKey", "kms:GetPublicKey", "kms:Sign"]
    resources = [local.arns.keys]

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
