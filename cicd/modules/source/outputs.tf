output "action" {
  description = "Provider and configuration of the source action, the permissions that it needs, and whether Git triggers work."
  value = local.uses_connection ? {
    provider = "CodeStarSourceConnection"
    triggers = true
    configuration = tomap({
      ConnectionArn        = local.create_connection ? aws_codeconnections_connection.this[0].arn : var.connection_arn
      FullRepositoryId     = var.repository
      BranchName           = var.branch
      OutputArtifactFormat = "CODE_ZIP"
    })
    permissions = {
      actions   = ["codeconnections:UseConnection", "codestar-connections:UseConnection"]
      resources = [local.create_connection ? aws_codeconnections_connection.this[0].arn : var.connection_arn]
    }
    } : {
    provider = "CodeCommit"
    triggers = false
    configuration = tomap({
      RepositoryName       = local.create_repository ? aws_codecommit_repository.this[0].repository_name : var.repository
      BranchName           = var.branch
      OutputArtifactFormat = "CODE_ZIP"
      # The event rule of the pipeline module starts a run.
      PollForSourceChanges = "false"
    })
    permissions = {
      actions = [
        "codecommit:CancelUploadArchive",
        "codecommit:GetBranch",
        "codecommit:GetCommit",
        "codecommit:GetRepository",
        "codecommit:GetUploadArchiveStatus",
        "codecommit:UploadArchive",
      ]
      resources = [local._arn]
    }
  }
}

output "clone" {
  description = "The source of a CodeBuild project outside of a pipeline, and the permissions that it needs; null for self-managed providers."
  value = local.uses_connection && !contains(keys(local._hosts), var.provider_type) ? null : {
    source = local.uses_connection ? {
      type           = upper(var.provider_type)
      location       = "https://${local._hosts[var.provider_type]}/${var.repository}.git"
      branch         = var.branch
      connection_arn = local.create_connection ? aws_codeconnections_connection.this[0].arn : var.connection_arn
      } : {
      type           = "CODECOMMIT"
      location       = "https://git-codecommit.${var.account.region}.${data.aws_partition.this.dns_suffix}/v1/repos/${var.repository}"
      branch         = var.branch
      connection_arn = null
    }
    permissions = local.uses_connection ? {
      actions = [
        "codeconnections:GetConnection",
        "codeconnections:GetConnectionToken",
        "codestar-connections:GetConnection",
        "codestar-connections:GetConnectionToken",
      ]
      resources = [local.create_connection ? aws_codeconnections_connection.this[0].arn : var.connection_arn]
      } : {
      actions   = ["codecommit:GitPull"]
      resources = [local._arn]
    }
  }
}

output "connection_arn" {
  description = "ARN of the connection; null with CodeCommit."
  value       = local.create_connection ? aws_codeconnections_connection.this[0].arn : local.uses_connection ? var.connection_arn : null
}

output "clone_url" {
  description = "HTTPS address of a created CodeCommit repository, else null."
  value       = local.create_repository ? aws_codecommit_repository.this[0].clone_url_http : null
}

output "read_permissions" {
  description = "Actions and resources with which Terraform reads the connection or the repository."
  value = local.uses_connection ? {
    actions = [
      "codeconnections:GetConnection",
      "codeconnections:ListTagsForResource",
      "codestar-connections:GetConnection",
      "codestar-connections:ListTagsForResource",
    ]
    resources = [local.create_connection ? aws_codeconnections_connection.this[0].arn : var.connection_arn]
    } : {
    actions   = ["codecommit:GetRepository", "codecommit:ListBranches", "codecommit:ListTagsForResource"]
    resources = [local._arn]
  }
}
