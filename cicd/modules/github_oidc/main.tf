locals {
  issuer = "token.actions.githubusercontent.com"
  # For every purpose the one subject that GitHub writes into the token of its job. No pattern: a job with another
  # event, branch or environment cannot use the role.
  _repository = var.repository.ids == null ? var.repository.name : join("/", [
    "${split("/", var.repository.name)[0]}@${var.repository.ids.owner}",
    "${split("/", var.repository.name)[1]}@${var.repository.ids.repository}",
  ])
  subjects = { for purpose, context in {
    apply      = "environment:${var.environments.apply}"
    deployment = "environment:${var.environments.deployment}"
    drift      = "environment:${var.environments.drift}"
    evaluation = "environment:${var.environments.evaluation}"
    plan       = "pull_request"
    upload     = "ref:refs/heads/${var.branch}"
  } : purpose => "repo:${local._repository}:${context}" }

  policies = merge(var.policies, {
    deployment = { deployment = data.aws_iam_policy_document.deployment.json }
    evaluation = { evaluation = data.aws_iam_policy_document.evaluation.json }
  })
  _policies = flatten([
    for purpose, documents in local.policies : [
      for name, document in documents : { purpose = purpose, name = name, document = document }
    ]
  ])
  provider_arn = coalesce(var.provider_arn, one(aws_iam_openid_connect_provider.this[*].arn))
}

# One per account. AWS verifies GitHub's certificate by its own list of authorities, so no thumbprint is needed.
resource "aws_iam_openid_connect_provider" "this" {
  count = var.provider_arn == null ? 1 : 0

  url            = "https://${local.issuer}"
  client_id_list = [var.audience]
}

data "aws_iam_policy_document" "trust" {
  for_each = local.subjects

  statement {
    actions = ["sts:AssumeRoleWithWebIdentity"]

    principals {
      type        = "Federated"
      identifiers = [local.provider_arn]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:aud"
      values   = [var.audience]
    }

    condition {
      test     = "StringEquals"
      variable = "${local.issuer}:sub"
      values   = [each.value]
    }
  }
}

resource "aws_iam_role" "this" {
  for_each = local.subjects

  name                 = "${var.prefix}-github-${each.key}"
  description          = "For the job ${each.key} of GitHub Actions in ${var.repository.name}."
  assume_role_policy   = data.aws_iam_policy_document.trust[each.key].json
  max_session_duration = 3600
}

resource "aws_iam_policy" "this" {
  for_each = { for item in local._policies : "${item.purpose}/${item.name}" => item }

  name        = "${var.prefix}-github-${each.value.purpose}-${each.value.name}"
  description = "For the job ${each.value.purpose} of GitHub Actions: ${each.value.name}."
  policy      = each.value.document
}

resource "aws_iam_role_policy_attachment" "this" {
  for_each = aws_iam_policy.this

  role       = aws_iam_role.this[split("/", each.key)[0]].name
  policy_arn = each.value.arn
}
