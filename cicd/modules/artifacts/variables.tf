variable "account_id" {
  description = "Id of the account, part of the bucket's name."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[0-9]{12}$", var.account_id))
    error_message = "account_id must be the 12 digits of an AWS account."
  }
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
  description = "First part of the bucket's name: {service}-{stage}-cicd."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 39
    error_message = "prefix must be {service}-{stage}-cicd in lower case, at most 39 characters (a bucket name may have 63)."
  }
}

variable "retention_days" {
  description = "Days to keep artifacts and plans."
  type        = number
  nullable    = false

  validation {
    condition     = var.retention_days >= 8
    error_message = "retention_days must be at least 8: an approval may wait 7 days, and Apply reads the plan after it."
  }
}
