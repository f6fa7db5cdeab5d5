variable "access_log_bucket" {
  description = "Name of an existing bucket that receives the S3 server access logs. null: no access logs."
  type        = string
  default     = null
}

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

variable "force_destroy" {
  description = "Allow terraform destroy to delete buckets that still hold objects."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the objects."
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

variable "retention_days" {
  description = "Days to keep pipeline artifacts (artifacts), captured requests of endpoints (captures) and overwritten or deleted object versions (versions)."
  type = object({
    artifacts = optional(number, 90)
    captures  = optional(number, 30)
    versions  = optional(number, 90)
  })
  default  = {}
  nullable = false

  validation {
    condition     = var.retention_days.artifacts >= 8
    error_message = "retention_days.artifacts must be at least 8: an approval may wait 7 days, and the next action reads the artifact."
  }

  validation {
    condition     = var.retention_days.captures >= 1 && floor(var.retention_days.captures) == var.retention_days.captures
    error_message = "retention_days.captures must be a whole number, at least 1."
  }

  validation {
    condition     = var.retention_days.versions >= 1
    error_message = "retention_days.versions must be at least 1."
  }
}
