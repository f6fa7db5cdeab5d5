locals {
  name = "${var.prefix}-${var.name}"
  # Every project has the role's name in its own: {prefix}-{name}-{project}.
  projects = { for key, project in var.projects : key => merge(project, { name = "${local.name}-${key}" }) }
  _arn     = "arn:${var.account.partition}:codebuild:${var.account.region}:${var.account.id}"
  reports = merge([
    for key, project in local.projects : {
      for report, type in project.reports : "${project.name}-${report}" => type
    }
  ]...)
}

resource "aws_codebuild_project" "this" {
  #checkov:skip=CKV_AWS_316:Only the project that builds the image is privileged, because the Docker daemon needs it.
  for_each = local.projects

  name                   = each.value.name
  description            = each.value.description
  service_role           = aws_iam_role.this.arn
  encryption_key         = var.kms_key_arn
  build_timeout          = each.value.timeout_minutes
  queued_timeout         = 60
  concurrent_build_limit = 1
  source_version         = each.value.source.branch

  source {
    type     = each.value.source.type
    location = each.value.source.location
    # In the source, so that a commit is checked, planned and applied by its own steps.
    buildspec = "cicd/buildspecs/${each.value.buildspec}.yml"

    dynamic "auth" {
      for_each = each.value.source.connection_arn[*]

      content {
        type     = "CODECONNECTIONS"
        resource = auth.value
      }
    }
  }

  artifacts {
    type = each.value.source.type == "CODEPIPELINE" ? "CODEPIPELINE" : "NO_ARTIFACTS"
  }

  # The packages that an earlier build on the same host has downloaded; their hashes are checked again.
  cache {
    type  = "LOCAL"
    modes = ["LOCAL_CUSTOM_CACHE"]
  }

  environment {
    type            = "LINUX_CONTAINER"
    image           = var.image
    compute_type    = each.value.compute_type
    privileged_mode = each.value.privileged

    dynamic "environment_variable" {
      for_each = merge(var.environment, each.value.environment)

      content {
        name  = environment_variable.key
        value = environment_variable.value
      }
    }
  }

  logs_config {
    cloudwatch_logs {
      group_name = aws_cloudwatch_log_group.this[each.key].name
    }
  }

  # CodeBuild refuses a project with a connection that its role may not use yet. A build that starts before its role
  # has its policies fails.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

resource "aws_cloudwatch_log_group" "this" {
  for_each = local.projects

  name              = "/aws/codebuild/${each.value.name}"
  kms_key_id        = var.log_kms_key_arn
  retention_in_days = var.log_retention_days
}

# A buildspec names a report group without the project's name, which CodeBuild puts before it.
resource "aws_codebuild_report_group" "this" {
  for_each = local.reports

  name           = each.key
  type           = each.value
  delete_reports = true

  export_config {
    type = "NO_EXPORT"
  }
}
