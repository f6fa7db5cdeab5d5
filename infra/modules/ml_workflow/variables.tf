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
  description = "Folder with deploy.asl.json, inference.asl.json and training.asl.json."
  type        = string
  nullable    = false
}

variable "deployment_functions" {
  description = "ARNs of the functions that the state machine deploy calls."
  type        = object({ plan_deployment = string, test_endpoint = string })
  nullable    = false

  validation {
    condition     = alltrue([for arn in values(var.deployment_functions) : can(regex("^arn:[a-z-]+:lambda:[a-z0-9-]+:[0-9]{12}:function:.+$", arn))])
    error_message = "deployment_functions must hold ARNs of Lambda functions."
  }
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

variable "logs" {
  description = "KMS key of the log groups, whose policy must allow CloudWatch Logs to use it, and days to keep log events (the root module checks them)."
  type        = object({ kms_key_arn = string, retention_days = number })
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
