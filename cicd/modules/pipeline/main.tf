locals {
  name = "${var.prefix}-pipeline"
  arn  = "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${local.name}"
}

resource "aws_codepipeline" "this" {
  name     = local.name
  role_arn = aws_iam_role.this.arn
  # Only V2 has variables, Git triggers, stage conditions and the mode QUEUED.
  pipeline_type = "V2"
  # Commits are applied in the order in which they were pushed.
  execution_mode = "QUEUED"

  artifact_store {
    location = var.artifact_bucket.name
    type     = "S3"

    encryption_key {
      id   = var.kms_key_arn
      type = "KMS"
    }
  }

  dynamic "trigger" {
    for_each = var.source_action.triggers ? [local.source_action] : []

    content {
      provider_type = "CodeStarSourceConnection"

      git_configuration {
        source_action_name = trigger.value

        push {
          branches {
            includes = [var.branch]
          }

          file_paths {
            excludes = var.ignored_paths
          }
        }
      }
    }
  }

  dynamic "stage" {
    for_each = local.stages

    content {
      name = stage.value.name

      # Nothing that Terraform or the packages are made of has changed since the last apply: the stage is skipped.
      dynamic "before_entry" {
        for_each = stage.value.only_with_changes ? [local.changed] : []

        content {
          condition {
            result = "SKIP"

            rule {
              name          = "InfrastructureChanged"
              configuration = before_entry.value

              rule_type_id {
                category = "Rule"
                owner    = "AWS"
                provider = "VariableCheck"
                version  = "1"
              }
            }
          }
        }
      }

      dynamic "action" {
        for_each = stage.value.actions

        content {
          name             = action.value.name
          category         = action.value.category
          owner            = "AWS"
          provider         = action.value.provider
          version          = "1"
          configuration    = action.value.configuration
          input_artifacts  = action.value.inputs
          output_artifacts = action.value.outputs
          namespace        = action.value.namespace
          run_order        = 1
        }
      }
    }
  }

  # CodePipeline starts a pipeline when it is created, and without its policy that run fails at once.
  depends_on = [aws_iam_role_policy.this]
}
