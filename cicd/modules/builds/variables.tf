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

variable "artifact_bucket" {
  description = "Name and ARN of the bucket of the pipeline's artifacts."
  type        = object({ name = string, arn = string })
  nullable    = false
}

variable "environment" {
  description = "Environment variables of every project."
  type        = map(string)
  nullable    = false
}

variable "image" {
  description = "Image that the builds run in."
  type        = string
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts artifacts."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "log_kms_key_arn" {
  description = "ARN of the same key once its policy admits CloudWatch Logs."
  type        = string
  nullable    = false
}

variable "log_retention_days" {
  description = "Days to keep the logs of the builds."
  type        = number
  nullable    = false
}

variable "name" {
  description = "What the builds of this role do, for example plan; part of the role's and the projects' names."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z]{2,8}$", var.name))
    error_message = "name must be 2-8 lower-case letters."
  }
}

variable "policies" {
  description = "Policy documents of the role beyond logs, artifacts, the key and reports, keyed by what they allow."
  type        = map(string)
  nullable    = false
}

variable "prefix" {
  description = "First part of every name: {service}-{stage}-cicd."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 39
    error_message = "prefix must be {service}-{stage}-cicd in lower case, at most 39 characters (an IAM role name may have 64)."
  }
}

variable "projects" {
  description = "The CodeBuild projects of this role, keyed by the last part of their names; reports: JUnit (TEST) or Cobertura (CODE_COVERAGE) report groups; source: what a build outside of a pipeline clones."
  type = map(object({
    buildspec    = string
    description  = string
    compute_type = optional(string, "BUILD_GENERAL1_SMALL")
    environment  = optional(map(string), {})
    privileged   = optional(bool, false)
    reports      = optional(map(string), {})
    source = optional(object({
      type           = optional(string, "CODEPIPELINE")
      location       = optional(string)
      branch         = optional(string)
      connection_arn = optional(string)
    }), {})
    timeout_minutes = optional(number, 30)
  }))
  nullable = false

  validation {
    condition     = length(var.projects) > 0
    error_message = "projects must name at least one project."
  }
}
