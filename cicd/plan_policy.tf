# A plan reads the state and locks it meanwhile. It never writes the state.
data "aws_iam_policy_document" "plan" {
  statement {
    sid     = "ReadState"
    actions = ["s3:GetObject"]
    resources = [
      for name in [local.state.key, "${local.state.key}.applied", "${local.state.key}.holder", local.state.cicd] :
      "${local.arns.state_bucket}/${name}"
    ]
  }

  statement {
    sid     = "LockState"
    actions = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [
      for name in ["${local.state.key}.tflock", "${local.state.cicd}.tflock"] : "${local.arns.state_bucket}/${name}"
    ]
  }

  statement {
    sid       = "ListStateBucket"
    actions   = ["s3:ListBucket"]
    resources = [local.arns.state_bucket]
  }

  statement {
    sid       = "StorePlan"
    actions   = ["s3:PutObject"]
    resources = ["${module.artifacts.bucket.arn}/*"]
  }

  # A lock is removed only when the build that held it has ended.
  statement {
    sid       = "SeeWhetherTheHolderHasEnded"
    actions   = ["codebuild:BatchGetBuilds"]
    resources = [local.arns.build_projects]
  }

  # The message of the commit may have labels for the policy.
  statement {
    sid       = "ReadCommitMessage"
    actions   = ["codepipeline:GetPipelineExecution"]
    resources = ["${local._services.codepipeline}:${local.prefix}-pipeline"]
  }
}
