variable "account" {
  description = "Account id, partition (aws, aws-cn, aws-us-gov) and region of the resources."
  type = object({
    id        = string
    partition = string
    region    = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account.id))
    error_message = "account.id must be the 12 digits of an AWS account."
  }
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that failed runs are published to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "approval_topic_arn" {
  description = "ARN of the SNS topic that waiting approvals are published to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.approval_topic_arn))
    error_message = "approval_topic_arn must be the ARN of an SNS topic."
  }
}

variable "artifact_bucket" {
  description = "Name and ARN of the bucket of the artifacts."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "branch" {
  description = "Branch whose pushes start a run."
  type        = string
  nullable    = false
}

variable "drift" {
  description = "Schedule of the project drift (rate(...) or cron(...); null: none), and the time zone of cron."
  type = object({
    schedule  = optional(string)
    time_zone = optional(string, "UTC")
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.drift.schedule == null || can(regex("^(rate|cron)\\(.+\\)$", var.drift.schedule))
    error_message = "drift.schedule must be null, rate(...) or cron(...), as EventBridge Scheduler takes it."
  }
}

variable "ignored_paths" {
  description = "Patterns of files that start no run when a push changes nothing else (connections only), at most 8."
  type        = list(string)
  nullable    = false

  validation {
    condition     = length(var.ignored_paths) >= 1 && length(var.ignored_paths) <= 8
    error_message = "ignored_paths must have 1-8 patterns (limits of CodePipeline)."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the artifacts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "prefix" {
  description = "First part of every name: {service}-{stage}-cicd."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 39
    error_message = "prefix must be {service}-{stage}-cicd in lower case, at most 39 characters (an IAM role name may have 64)."
  }
}

variable "projects" {
  description = "Name and ARN of the CodeBuild project of each step; drift only with its schedule."
  type        = map(object({ name = string, arn = string }))
  nullable    = false

  validation {
    condition     = length(setsubtract(["changes", "lint", "policy", "test", "image", "plan", "apply", "upload", "verify"], keys(var.projects))) == 0
    error_message = "projects must have changes, lint, policy, test, image, plan, apply, upload and verify."
  }
}

variable "source_action" {
  description = "Provider and configuration of the source action, its permissions, and whether Git triggers work."
  type = object({
    provider      = string
    triggers      = bool
    configuration = map(string)
    permissions   = object({ actions = list(string), resources = list(string) })
  })
  nullable = false
}
