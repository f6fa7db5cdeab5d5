locals {
  name         = "${var.prefix}-ml-pipeline"
  arn          = "arn:${var.account.partition}:codepipeline:${var.account.region}:${var.account.id}:${local.name}"
  manifest_key = "config/manifest.json"
}

resource "aws_codepipeline" "this" {
  name     = local.name
  role_arn = aws_iam_role.pipeline.arn
  # Only V2 has variables and the mode QUEUED.
  pipeline_type = "V2"
  # Runs finish in the order in which they started: an older model never replaces a newer one.
  execution_mode = "QUEUED"

  artifact_store {
    location = var.buckets.artifact.name
    type     = "S3"

    encryption_key {
      id   = var.kms_key_arn
      type = "KMS"
    }
  }

  dynamic "variable" {
    for_each = local.variables

    content {
      name          = variable.key
      default_value = "from-manifest"
      description   = variable.value
    }
  }

  dynamic "stage" {
    for_each = local.stages

    content {
      name = stage.value.name

      dynamic "action" {
        for_each = stage.value.actions

        content {
          name             = action.value.name
          category         = local.kinds[action.value.kind].category
          owner            = "AWS"
          provider         = local.kinds[action.value.kind].provider
          version          = local.kinds[action.value.kind].version
          configuration    = action.value.configuration
          input_artifacts  = action.value.input == null ? [] : [action.value.input]
          output_artifacts = action.value.output == null ? [] : [action.value.output]
          namespace        = action.value.namespace
          # The actions of a stage run one after the other.
          run_order = action.key + 1
        }
      }
    }
  }

  # CodePipeline starts a pipeline when it is created, and without its policy that run fails at once.
  depends_on = [aws_iam_role_policy.pipeline]
}
