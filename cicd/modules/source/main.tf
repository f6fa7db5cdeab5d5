locals {
  uses_connection   = var.provider_name == "connection"
  create_connection = local.uses_connection && var.connection_arn == null
  create_repository = var.provider_name == "codecommit" && var.create_repository
  # Where CodeBuild finds the repositories of a provider.
  _hosts = { Bitbucket = "bitbucket.org", GitHub = "github.com", GitLab = "gitlab.com" }
  _arn   = "arn:${var.account.partition}:codecommit:${var.account.region}:${var.account.id}:${var.repository}"
}

data "aws_partition" "this" {}

# It is created PENDING: a person has to complete the handshake with the Git provider once.
resource "aws_codeconnections_connection" "this" {
  count = local.create_connection ? 1 : 0

  # AWS allows 32 characters.
  name          = substr(var.prefix, 0, 32)
  provider_type = var.provider_type
}

resource "aws_codecommit_repository" "this" {
  #checkov:skip=CKV2_AWS_37:Approval rules belong to the team that owns the repository: docs/gitops.md describes branch protection.
  count = local.create_repository ? 1 : 0

  repository_name = var.repository
  description     = "What is in this repository is what runs in ${var.prefix}."
  kms_key_id      = var.kms_key_arn
}
