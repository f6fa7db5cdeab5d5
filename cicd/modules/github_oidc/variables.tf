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

variable "audience" {
  description = "Claim aud of the tokens: what configure-aws-credentials asks for (sts.amazonaws.com.cn in China)."
  type        = string
  default     = "sts.amazonaws.com"
  nullable    = false

  validation {
    condition     = contains(["sts.amazonaws.com", "sts.amazonaws.com.cn"], var.audience)
    error_message = "audience must be sts.amazonaws.com or sts.amazonaws.com.cn."
  }
}

variable "branch" {
  description = "Branch from which the workflow upload runs."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$", var.branch))
    error_message = "branch must be the name of one branch, without wildcards and without refs/heads/."
  }
}

variable "environments" {
  description = "Environments of the GitHub repository in which the jobs run; apply is the one with the reviewers of plans."
  type = object({
    apply      = string
    deployment = optional(string, "deploy-candidate")
    drift      = optional(string, "drift")
    evaluation = optional(string, "evaluation")
  })
  nullable = false

  validation {
    condition = alltrue([
      for name in values(var.environments) : can(regex("^[A-Za-z0-9][A-Za-z0-9_-]{0,99}$", name))
    ])
    error_message = "environments must be names of letters, digits, hyphens and underscores, without wildcards."
  }

  validation {
    condition     = length(distinct(values(var.environments))) == 4
    error_message = "environments must be four different names: jobs in one environment could use each other's role."
  }
}

variable "key_tags" {
  description = "Tags of the KMS key of infra/, by which its use is limited: Service and Stage."
  type        = map(string)
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.key_tags), ["Service", "Stage"])) == 2
    error_message = "key_tags must name Service and Stage."
  }
}

variable "parameter_path" {
  description = "SSM path below which infra/ stores its names: /{service}/{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^/[a-z0-9-]+/[a-z]+$", var.parameter_path))
    error_message = "parameter_path must be /{service}/{stage}."
  }
}

variable "policies" {
  description = "By purpose (apply, drift, plan, upload) and name, the policy documents of the role as JSON."
  type        = map(map(string))
  nullable    = false

  validation {
    condition     = length(setsubtract(["apply", "drift", "plan", "upload"], keys(var.policies))) == 0 && length(var.policies) == 4
    error_message = "policies must have exactly the keys apply, drift, plan and upload."
  }
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

variable "provider_arn" {
  description = "ARN of the account's provider for GitHub, where one exists; null creates it. An account can have only one."
  type        = string
  default     = null

  validation {
    condition     = var.provider_arn == null || can(regex("^arn:[a-z-]+:iam::[0-9]{12}:oidc-provider/token\\.actions\\.githubusercontent\\.com$", var.provider_arn))
    error_message = "provider_arn must be the ARN of the provider token.actions.githubusercontent.com, or null."
  }
}

variable "repository" {
  description = "Name OWNER/REPOSITORY of the GitHub repository; ids of owner and repository where its tokens name them in sub."
  type = object({
    name = string
    ids  = optional(object({ owner = string, repository = string }))
  })
  nullable = false

  validation {
    condition     = can(regex("^[A-Za-z0-9-]+/[A-Za-z0-9._-]+$", var.repository.name))
    error_message = "repository.name must be OWNER/REPOSITORY, without wildcards."
  }

  validation {
    condition     = var.repository.ids == null || alltrue([for id in values(coalesce(var.repository.ids, {})) : can(regex("^[1-9][0-9]*$", id))])
    error_message = "repository.ids must be the numbers that gh api repos/OWNER/REPOSITORY shows as owner.id and id."
  }
}

variable "stack" {
  description = "First part of the names of infra/: {service}-{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.stack)) && length(var.stack) <= 34
    error_message = "stack must be {service}-{stage} in lower case, at most 34 characters."
  }
}
