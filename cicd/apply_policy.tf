data "aws_iam_policy_document" "apply" {
  statement {
    sid     = "WriteState"
    actions = ["s3:DeleteObject", "s3:GetObject", "s3:PutObject"]
    resources = [
      for suffix in ["", ".tflock", ".applied", ".holder"] : "${local.arns.state_bucket}/${local.state.key}${suffix}"
    ]
  }

  statement {
    sid       = "ListStateBucket"
    actions   = ["s3:ListBucket"]
    resources = [local.arns.state_bucket]
  }

  # A lock is removed only when the build that held it has ended.
  statement {
    sid       = "SeeWhetherTheHolderHasEnded"
    actions   = ["codebuild:BatchGetBuilds"]
    resources = [local.arns.build_projects]
  }
}

# Roles of infra/. Whoever may write a role's policy can give it any right, so the approval of the plan is the guard:
# docs/gitops.md. What the pipeline itself runs with is out of reach.
data "aws_iam_policy_document" "apply_roles" {
  statement {
    sid = "ChangeRoles"
    actions = [
      "iam:CreateRole",
      "iam:DeleteRole",
      "iam:DeleteRolePolicy",
      "iam:ListInstanceProfilesForRole",
      "iam:PutRolePolicy",
      "iam:TagRole",
      "iam:UntagRole",
      "iam:UpdateAssumeRolePolicy",
      "iam:UpdateRole",
      "iam:UpdateRoleDescription",
    ]
    resources = [local.arns.roles]
  }

  statement {
    sid       = "PassRoles"
    actions   = ["iam:PassRole"]
    resources = [local.arns.roles]

    condition {
      test     = "StringEquals"
      variable = "iam:PassedToService"
      values   = [for service in ["codepipeline", "events", "lambda", "scheduler", "states"] : "${service}.amazonaws.com"]
    }
  }

  # The pipeline does not change its own rights: the names of its roles begin with those of infra/.
  statement {
    sid    = "NeverThePipelinesOwnRoles"
    effect = "Deny"
    # A denial has to cover every action.
    actions   = ["iam:*"]
    resources = [local.own.roles, local.own.policies]
  }
}
