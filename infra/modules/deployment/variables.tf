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

variable "deploy_machine_arn" {
  description = "ARN of the state machine deploy, which an approved or rejected version starts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:.+$", var.deploy_machine_arn))
    error_message = "deploy_machine_arn must be the ARN of a state machine."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the functions' settings and the objects that they write."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "logs" {
  description = "KMS key of the log groups, whose policy must allow CloudWatch Logs to use it, and days to keep log events (the root module checks them)."
  type        = object({ kms_key_arn = string, retention_days = number })
  nullable    = false
}

variable "package_dir" {
  description = "Folder with plan_deployment.zip and test_endpoint.zip. A plan works before they are built; an apply does not."
  type        = string
  nullable    = false
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

variable "sagemaker_role_arn" {
  description = "ARN of the execution role of the models."
  type        = string
  nullable    = false
}

variable "stack" {
  description = "Service and stage, passed to the functions as SERVICE and STAGE."
  type        = object({ service = string, stage = string })
  nullable    = false
}

variable "workflow_bucket" {
  description = "Name and ARN of the bucket with the models, the settings and the rows of the runs."
  type        = object({ name = string, arn = string })
  nullable    = false
}
