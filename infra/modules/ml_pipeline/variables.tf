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

variable "approval_topic_arn" {
  description = "ARN of the SNS topic that waiting approvals are published to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.approval_topic_arn))
    error_message = "approval_topic_arn must be the ARN of an SNS topic."
  }
}

variable "buckets" {
  description = "Name and ARN of the artifact, source and workflow bucket."
  type = object({
    artifact = object({ name = string, arn = string })
    source   = object({ name = string, arn = string })
    workflow = object({ name = string, arn = string })
  })
  nullable = false
}

variable "functions" {
  description = "Name and ARN of the Lambda functions that fill the manifest."
  type = object({
    create_schema = object({ name = string, arn = string })
    update_schema = object({ name = string, arn = string })
  })
  nullable = false
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
  description = "First part of every name: {service}-{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 34
    error_message = "prefix must be {service}-{stage} in lower case, at most 34 characters (an IAM role name may have 64)."
  }
}

variable "state_machine_arns" {
  description = "ARNs of the state machines deploy, inference and training."
  type = object({
    deploy    = string
    inference = string
    training  = string
  })
  nullable = false

  validation {
    condition     = alltrue([for arn in values(var.state_machine_arns) : can(regex("^arn:[a-z-]+:states:[a-z0-9-]+:[0-9]{12}:stateMachine:.+$", arn))])
    error_message = "state_machine_arns must hold ARNs of state machines."
  }
}
