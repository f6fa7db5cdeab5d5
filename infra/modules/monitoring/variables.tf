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
  description = "ARN of the SNS topic that drift and failures are published to."
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
  description = "Folder with drift.asl.json."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts settings, reports and volumes."
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

variable "monitoring" {
  description = "Use cases whose production endpoint is compared with its training (use_cases; none: nothing runs by itself), when (schedule, in UTC) and over how many hours, on which instance type, from how many rows and differences on, how many of how many periods with drift raise the alarm, and whether the alarm starts a retraining."
  type = object({
    use_cases            = optional(set(string), [])
    schedule             = optional(string, "cron(0 3 * * ? *)")
    window_hours         = optional(number, 24)
    instance_type        = optional(string, "ml.m5.large")
    minimum_rows         = optional(number, 300)
    minimum_psi          = optional(number, 0.1)
    false_discovery_rate = optional(number, 0.01)
    alarm = optional(object({
      periods      = optional(number, 3)
      drifted      = optional(number, 2)
      period_hours = optional(number, 24)
    }), {})
    retrain = optional(object({
      enabled        = optional(bool, false)
      cooldown_days  = optional(number, 7)
      minimum_labels = optional(number, 200)
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = alltrue([for name in var.monitoring.use_cases : can(regex("^[a-z][a-z0-9-]{0,14}$", name))])
    error_message = "monitoring.use_cases must hold names of use cases: lower-case letters, digits and hyphens, at most 15."
  }

  validation {
    condition     = can(regex("^(rate|cron)\\(.+\\)$", var.monitoring.schedule))
    error_message = "monitoring.schedule must be rate(...) or cron(...), as EventBridge Scheduler takes it."
  }

  validation {
    condition     = var.monitoring.window_hours >= 1 && var.monitoring.window_hours <= 720 && floor(var.monitoring.window_hours) == var.monitoring.window_hours
    error_message = "monitoring.window_hours must be a whole number, 1-720."
  }

  validation {
    condition     = var.monitoring.minimum_rows >= 100 && var.monitoring.minimum_psi >= 0.02 && var.monitoring.false_discovery_rate > 0 && var.monitoring.false_discovery_rate <= 0.1
    error_message = "monitoring.minimum_rows must be at least 100, minimum_psi at least 0.02, false_discovery_rate above 0 and at most 0.1: with less, traffic that is unchanged raises alarms."
  }

  validation {
    # PutMetricAlarm: periods of an hour or more may cover seven days.
    condition     = var.monitoring.alarm.drifted >= 1 && var.monitoring.alarm.drifted <= var.monitoring.alarm.periods && var.monitoring.alarm.period_hours >= 1 && var.monitoring.alarm.period_hours <= 24 && var.monitoring.alarm.periods * var.monitoring.alarm.period_hours <= 168
    error_message = "monitoring.alarm: drifted must be 1 to periods, period_hours 1-24, and all periods together at most 168 hours (the limit of CloudWatch)."
  }

  validation {
    condition     = var.monitoring.retrain.cooldown_days >= 1 && var.monitoring.retrain.minimum_labels >= 50
    error_message = "monitoring.retrain.cooldown_days must be at least 1, minimum_labels at least 50."
  }
}

variable "package_dir" {
  description = "Folder with plan_drift.zip and start_retraining.zip. A plan works before they are built; an apply does not."
  type        = string
  nullable    = false
}

variable "pipeline_name" {
  description = "Name of the ML pipeline, which a retraining starts."
  type        = string
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

variable "sagemaker_role_arn" {
  description = "ARN of the execution role of the drift job."
  type        = string
  nullable    = false
}
