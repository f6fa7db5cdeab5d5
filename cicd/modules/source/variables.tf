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

variable "branch" {
  description = "Branch that is deployed."
  type        = string
  nullable    = false
}

variable "connection_arn" {
  description = "ARN of an existing connection. null: a connection is created."
  type        = string
  default     = null

  validation {
    condition     = var.connection_arn == null || can(regex("^arn:[a-z-]+:(codeconnections|codestar-connections):[a-z0-9-]+:[0-9]{12}:connection/.+$", var.connection_arn))
    error_message = "connection_arn must be null or the ARN of a connection."
  }
}

variable "create_repository" {
  description = "Create the CodeCommit repository; false where the stack of another environment has created it."
  type        = bool
  nullable    = false
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts a created CodeCommit repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "prefix" {
  description = "First part of every name: {service}-{stage}-cicd."
  type        = string
  nullable    = false
}

variable "provider_name" {
  description = "Where the repository is: connection (GitHub, GitLab, Bitbucket, ...) or codecommit."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["connection", "codecommit"], var.provider_name)
    error_message = "provider_name must be connection or codecommit."
  }
}

variable "provider_type" {
  description = "Git provider of a created connection, for example GitHub."
  type        = string
  nullable    = false

  validation {
    condition     = contains(["Bitbucket", "GitHub", "GitHubEnterpriseServer", "GitLab", "GitLabSelfManaged"], var.provider_type)
    error_message = "provider_type must be Bitbucket, GitHub, GitHubEnterpriseServer, GitLab or GitLabSelfManaged."
  }
}

variable "repository" {
  description = "OWNER/REPOSITORY behind a connection, or the name of a CodeCommit repository."
  type        = string
  nullable    = false
}
