# Looks for drift of infra/ on a schedule: a build of its own, outside of the pipeline, which clones the branch.
variable "drift" {
  description = "When a build looks for drift of infra/ (schedule: rate(...) or cron(...); null: never), and the time zone of cron."
  type = object({
    schedule  = optional(string)
    time_zone = optional(string, "UTC")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.drift.schedule == null || var.create_pipeline
    error_message = "drift.schedule needs create_pipeline: without it, only the workflow drift of GitHub looks for drift."
  }

  validation {
    condition     = var.drift.schedule == null || var.source_provider == "codecommit" || contains(["Bitbucket", "GitHub", "GitLab"], var.provider_type)
    error_message = "drift.schedule needs source_provider codecommit, or provider_type Bitbucket, GitHub or GitLab: builds cannot clone from a self-managed provider."
  }
}

locals {
  # Only this role may clone the repository; otherwise it is that of a plan.
  drift_builds = {
    for name in var.drift.schedule == null ? [] : ["drift"] : name => {
      policies = merge(local.builds.plan.policies, { source = data.aws_iam_policy_document.drift_source[0].json })
      projects = {
        drift = {
          buildspec   = "drift"
          description = "Looks for what was changed outside of Terraform."
          source      = module.source[0].clone.source
        }
      }
    }
  }
}

data "aws_iam_policy_document" "drift_source" {
  count = var.drift.schedule == null ? 0 : 1

  statement {
    sid       = "CloneSource"
    actions   = module.source[0].clone.permissions.actions
    resources = module.source[0].clone.permissions.resources
  }
}
