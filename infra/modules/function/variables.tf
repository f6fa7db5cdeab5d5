variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that crashes are published to."
  type        = string
  nullable    = false
}

variable "description" {
  description = "What the function does, in one sentence."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the function's settings."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "logs" {
  description = "KMS key of the log group, whose policy must allow CloudWatch Logs to use it, and days to keep log events."
  type        = object({ kms_key_arn = string, retention_days = number })
  nullable    = false
}

variable "name" {
  description = "Name of the function and of its role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 64
    error_message = "name must be {service}-{stage}-{function} in lower case, at most 64 characters (the limit of a role and a function)."
  }
}

variable "package" {
  description = "Path of the function's zip. A plan works before it is built; an apply does not."
  type        = string
  nullable    = false
}

variable "policy" {
  description = "JSON of what the function may do, besides writing logs and traces and reading its settings."
  type        = string
  nullable    = false
}

variable "settings" {
  description = "Environment variables of the function."
  type        = map(string)
  nullable    = false
}

variable "timeout_seconds" {
  description = "Seconds that a call may take, 1-900."
  type        = number
  # A call takes seconds.
  default  = 120
  nullable = false

  validation {
    condition     = var.timeout_seconds >= 1 && var.timeout_seconds <= 900
    error_message = "timeout_seconds must be 1-900 (the limit of Lambda)."
  }
}
