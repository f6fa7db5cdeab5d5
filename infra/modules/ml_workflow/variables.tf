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
  description = "ARN of the SNS topic that failures are published to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "buckets" {
  description = "Name and ARN of the source and workflow bucket."
  type = object({
    source   = object({ name = string, arn = string })
    workflow = object({ name = string, arn = string })
  })
  nullable = false
}

variable "definition_dir" {
  description = "Folder with training.asl.json and inference.asl.json."
  type        = string
  nullable    = false
}

variable "image_repository_arns" {
  description = "ARNs of the ECR repositories that the jobs may pull from: our own and SageMaker's."
  type        = list(string)
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.image_repository_arns : can(regex("^arn:[a-z-]+:ecr:[a-z0-9-]+:[0-9]{12}:repository/[^*]+$", arn))])
    error_message = "image_repository_arns must hold ARNs of ECR repositories, without wildcards."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts logs, data, models and volumes."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the KMS key for the log groups; its policy must allow CloudWatch Logs to use it."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days to keep log events; a value CloudWatch Logs accepts (the root module checks it)."
  type        = number
  default     = 365
  nullable    = false
}

variable "prefix" {
  description = "First part of every name: {service}-{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 34
    error_message = "prefix must be {service}-{stage} in lower case, at most 34 characters (an IAM role name may have 64)."
  }
}

variable "rollout" {
  description = "How a new model replaces the one in service: type (ALL_AT_ONCE, CANARY, LINEAR, ROLLING), the part of the instances that gets traffic first or in each step, how long to wait after a step (wait_seconds) and before the old instances stop (termination_seconds), and the error rate (0-1) and p99 latency above which it is rolled back."
  type = object({
    type                     = optional(string, "ALL_AT_ONCE")
    step_percent             = optional(number, 20)
    wait_seconds             = optional(number, 300)
    termination_seconds      = optional(number, 300)
    max_error_rate           = optional(number, 0.01)
    max_latency_milliseconds = optional(number, 2000)
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["ALL_AT_ONCE", "CANARY", "LINEAR", "ROLLING"], var.rollout.type)
    error_message = "rollout.type must be ALL_AT_ONCE, CANARY, LINEAR or ROLLING."
  }

  validation {
    # DeploymentConfig in SageMaker's API reference: 1-50 for CANARY, 10-50 for LINEAR, 5-50 for ROLLING.
    condition     = var.rollout.step_percent >= 10 && var.rollout.step_percent <= 50 && floor(var.rollout.step_percent) == var.rollout.step_percent
    error_message = "rollout.step_percent must be a whole number, 10-50."
  }

  validation {
    condition     = alltrue([for seconds in [var.rollout.wait_seconds, var.rollout.termination_seconds] : seconds >= 0 && seconds <= 3600 && floor(seconds) == seconds])
    error_message = "rollout.wait_seconds and rollout.termination_seconds must be whole numbers, 0-3600."
  }

  validation {
    condition     = (var.rollout.type == "ALL_AT_ONCE" ? 0 : var.rollout.type == "CANARY" ? 1 : ceil(100 / var.rollout.step_percent)) * var.rollout.wait_seconds + var.rollout.termination_seconds <= 25200
    error_message = "The waits of a rollout must be at most 25200 seconds together: SageMaker gives a deployment eight hours, and its instances need time to start."
  }

  validation {
    condition     = var.rollout.max_error_rate >= 0 && var.rollout.max_error_rate < 1 && var.rollout.max_latency_milliseconds > 0
    error_message = "rollout.max_error_rate must be from 0 to below 1, rollout.max_latency_milliseconds above 0."
  }
}
