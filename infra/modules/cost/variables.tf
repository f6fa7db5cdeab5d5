variable "account" {
  description = "Account id, partition (aws, aws-cn, aws-us-gov) and region of the resources."
  type        = object({ id = string, partition = string, region = string })
  nullable    = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that budgets, idle endpoints and crashes are published to."
  type        = string
  nullable    = false
}

variable "cost" {
  description = "budget: USD a month, and the percentages of it that notify besides a forecast above it; null: no budget. dev_hours: when dev endpoints are deleted (pause) and created again (resume), as cron expressions of EventBridge Scheduler; null: never. idle_hours: hours without a request after which an endpoint raises the alarm."
  type = object({
    budget     = optional(object({ monthly_usd = number, notify_at_percent = optional(set(number), [80, 100]) }))
    dev_hours  = optional(object({ pause = string, resume = string, time_zone = optional(string, "UTC") }))
    idle_hours = optional(number, 24)
  })
  default  = {}
  nullable = false

  validation {
    condition = var.cost.budget == null ? true : (
      var.cost.budget.monthly_usd > 0 && length(var.cost.budget.notify_at_percent) <= 4 &&
      alltrue([for percent in var.cost.budget.notify_at_percent : percent > 0 && percent <= 1000])
    )
    error_message = "cost.budget.monthly_usd must be greater than 0, and notify_at_percent must hold at most 4 percentages from 1 to 1000: with the forecast a budget has 5 notifications."
  }

  validation {
    condition     = var.cost.dev_hours == null ? true : alltrue([for hour in [var.cost.dev_hours.pause, var.cost.dev_hours.resume] : can(regex("^cron\\([^ ]+( [^ ]+){5}\\)$", hour))])
    error_message = "cost.dev_hours.pause and cost.dev_hours.resume must be cron expressions with six fields, such as cron(0 20 ? * MON-FRI *)."
  }

  validation {
    condition     = var.cost.idle_hours >= 1 && var.cost.idle_hours <= 336 && floor(var.cost.idle_hours) == var.cost.idle_hours
    error_message = "cost.idle_hours must be a whole number from 1 to 336 (two weeks)."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts settings, schedules and the volumes of endpoints."
  type        = string
  nullable    = false
}

variable "logs" {
  description = "KMS key of the log groups, whose policy must allow CloudWatch Logs to use it, and days to keep log events."
  type        = object({ kms_key_arn = string, retention_days = number })
  nullable    = false
}

variable "package_dir" {
  description = "Folder with find_idle_endpoints.zip and pause_dev_endpoints.zip. A plan works before they are built; an apply does not."
  type        = string
  nullable    = false
}

variable "prefix" {
  description = "First part of every name, and value of the tag Environment: {service}-{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 34
    error_message = "prefix must be {service}-{stage} in lower case, at most 34 characters."
  }
}

variable "workflow_bucket" {
  description = "Name and ARN of the bucket in which runs store their settings."
  type        = object({ name = string, arn = string })
  nullable    = false
}
