variable "alarm_topic_arn" {
  description = "ARN of the SNS topic that crashes of the function are published to."
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

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the buckets and the function's settings."
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

variable "package_dir" {
  description = "Folder with start_job.zip. A plan works before it is built; an apply does not."
  type        = string
  nullable    = false
}

variable "pipeline" {
  description = "Name and ARN of the pipeline that a run is an execution of."
  type        = object({ name = string, arn = string })
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:codepipeline:[a-z0-9-]+:[0-9]{12}:.+$", var.pipeline.arn))
    error_message = "pipeline.arn must be the ARN of a pipeline."
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
