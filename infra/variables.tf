variable "access_log_bucket" {
  description = "Name of an existing bucket that receives the S3 server access logs of the three buckets. null: no access logs."
  type        = string
  default     = null

  validation {
    condition     = var.access_log_bucket == null || can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.access_log_bucket))
    error_message = "access_log_bucket must be null or an S3 bucket name (3-63 lower-case letters, digits, dots, hyphens)."
  }
}

variable "account_role_arn" {
  description = "ARN of a role that Terraform assumes, to create everything in another account, for example that of production. null: the account of the credentials."
  type        = string
  default     = null

  validation {
    condition     = var.account_role_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:role/.+$", var.account_role_arn))
    error_message = "account_role_arn must be null or the ARN of a role."
  }
}

variable "aws_region" {
  description = "Region of every resource, for example eu-west-1."
  type        = string
  default     = "eu-west-1"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2}(-[a-z]+)+-[0-9]$", var.aws_region))
    error_message = "aws_region must be a region code such as eu-west-1 or us-gov-west-1."
  }
}

variable "build_stage" {
  description = "Environment: development, staging or production. Part of every name."
  type        = string
  default     = "development"
  nullable    = false

  validation {
    condition     = contains(["development", "staging", "production"], var.build_stage)
    error_message = "build_stage must be one of development, staging, production."
  }
}

variable "force_destroy" {
  description = "Allow terraform destroy to delete buckets and image repositories that are not empty. Refused in production."
  type        = bool
  default     = false
  nullable    = false

  validation {
    condition     = !(var.force_destroy && var.build_stage == "production")
    error_message = "force_destroy must be false in production: terraform destroy would delete data, models and manifests."
  }
}

variable "image_signer_arns" {
  description = "ARNs (* and ? allowed) of roles that may sign images besides the image role of cicd/, for example of people who run build.sh."
  type        = set(string)
  default     = []
  nullable    = false

  validation {
    condition     = alltrue([for arn in var.image_signer_arns : can(regex("^arn:[a-z-]+:(iam|sts)::[0-9]{12}:(role|assumed-role|user)/[^*?]", arn))])
    error_message = "image_signer_arns must hold ARNs of roles or users of one account, such as arn:aws:iam::123456789012:role/builder."
  }
}

variable "kms_deletion_window_days" {
  description = "Days between terraform destroy and the deletion of the KMS key, 7-30. Until then the deletion can be cancelled."
  type        = number
  default     = 30
  nullable    = false

  validation {
    condition     = var.kms_deletion_window_days >= 7 && var.kms_deletion_window_days <= 30 && floor(var.kms_deletion_window_days) == var.kms_deletion_window_days
    error_message = "kms_deletion_window_days must be a whole number from 7 to 30 (limits of AWS KMS)."
  }
}

variable "notification_emails" {
  description = "Email addresses to notify of waiting approvals (approval) and of failures (alarm). AWS asks each address to confirm once."
  type        = object({ approval = optional(set(string), []), alarm = optional(set(string), []) })
  default     = {}
  nullable    = false

  validation {
    condition = alltrue([
      for address in setunion(var.notification_emails.approval, var.notification_emails.alarm) :
      can(regex("^[^@\\s]+@[^@\\s]+\\.[^@\\s]+$", address))
    ])
    error_message = "notification_emails must hold email addresses such as team@example.com."
  }
}

variable "retention_days" {
  description = "Days to keep log events (logs), pipeline artifacts (artifacts), captured requests of endpoints (captures) and overwritten or deleted object versions (versions)."
  type        = object({ artifacts = optional(number, 90), captures = optional(number, 30), logs = optional(number, 365), versions = optional(number, 90) })
  default     = {}
  nullable    = false

  validation {
    # The values CloudWatch Logs accepts: API reference of PutRetentionPolicy.
    condition     = contains([1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653], var.retention_days.logs)
    error_message = "retention_days.logs must be a value CloudWatch Logs accepts: 1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288 or 3653."
  }

  validation {
    condition     = var.retention_days.artifacts >= 8 && var.retention_days.artifacts <= 3650
    error_message = "retention_days.artifacts must be 8-3650: an approval may wait 7 days, and the next action reads the artifact."
  }

  validation {
    condition     = var.retention_days.versions >= 1 && var.retention_days.versions <= 3650 && var.retention_days.captures <= 3650 && floor(var.retention_days.captures) == var.retention_days.captures && var.retention_days.captures * 24 >= coalesce(var.monitoring.window_hours, 24)
    error_message = "retention_days.versions must be 1-3650. captures must be a whole number up to 3650 and cover monitoring.window_hours: the drift job reads the captured requests of these hours."
  }
}

variable "service" {
  description = "Name of the service, the first part of every name. At most 22 characters, so that bucket names stay within 63."
  type        = string
  default     = "ml-core"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.service)) && length(var.service) >= 2 && length(var.service) <= 22
    error_message = "service must be 2-22 lower-case letters, digits and single hyphens, start with a letter and not end with a hyphen."
  }
}

variable "tags" {
  description = "Additional tags for every resource, for example a cost centre."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["Environment", "ManagedBy", "Service", "Stage"])) == 0
    error_message = "tags must not set Environment, ManagedBy, Service or Stage: the stack sets them itself."
  }

  validation {
    condition     = alltrue([for key, value in var.tags : !startswith(lower(key), "aws:") && length(key) <= 128 && length(value) <= 256])
    error_message = "tags must not start with aws:; a key has at most 128 characters, a value at most 256."
  }
}
