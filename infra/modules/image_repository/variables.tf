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

variable "deletion_window_days" {
  description = "Days between terraform destroy and the deletion of the signing key, 7-30."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.deletion_window_days >= 7 && var.deletion_window_days <= 30
    error_message = "deletion_window_days must be 7-30 (limits of AWS KMS)."
  }
}

variable "force_destroy" {
  description = "Allow terraform destroy to delete a repository that still holds images."
  type        = bool
  default     = false
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the images."
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

variable "signer_arns" {
  description = "ARNs (* and ? allowed) of roles that may sign images besides the image role of cicd/."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.signer_arns : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(role|assumed-role|user)/[^*?]", arn))])
    error_message = "signer_arns must hold ARNs of roles or users of one account, such as arn:aws:iam::123456789012:role/builder."
  }
}
