data "aws_iam_policy_document" "image" {
  statement {
    sid = "PushToOurRepository"
    actions = [
      "ecr:BatchCheckLayerAvailability",
      "ecr:BatchGetImage",
      "ecr:CompleteLayerUpload",
      "ecr:DescribeImages",
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

  statement {
    sid       = "StoreBillOfMaterials"
    actions   = ["s3:PutObject"]
    resources = ["${module.artifacts.bucket.arn}/images/*"]
  }
}
