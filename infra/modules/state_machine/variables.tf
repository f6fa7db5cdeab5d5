variable "account" {
  description = "Account id, partition (aws, aws-cn, aws-us-gov) and region of the state machine."
  type = object({
    id        = string
    partition = string
    region    = string
  })
  nullable = false
}

variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that failures are published to."
  type        = string
  nullable    = false
}

variable "definition" {
  description = "JSON of the states, in the Amazon States Language."
  type        = string
  nullable    = false
}

variable "logs" {
  description = "KMS key of the log group, whose policy must allow CloudWatch Logs to use it, and days to keep log events."
  type        = object({ kms_key_arn = string, retention_days = number })
  nullable    = false
}

variable "name" {
  description = "Name of the state machine and of its role."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.name)) && length(var.name) <= 64
    error_message = "name must be {service}-{stage}-{state machine} in lower case, at most 64 characters (the limit of a role)."
  }
}

variable "policy" {
  description = "JSON of what the state machine may do, besides writing logs and traces."
  type        = string
  nullable    = false
}
