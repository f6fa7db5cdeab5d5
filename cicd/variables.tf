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

variable "branch" {
  description = "Branch whose commits are deployed to this environment."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9][A-Za-z0-9._/-]{0,254}$", var.branch))
    error_message = "branch must be the name of a branch such as development."
  }
}

variable "build_image" {
  description = "Image that the builds run in: one of CodeBuild's, or one of an ECR repository of this account."
  type        = string
  default     = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
  nullable    = false
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

variable "connection_arn" {
  description = "ARN of an existing connection to the Git provider. null: a connection is created."
  type        = string
  default     = null
}

variable "create_pipeline" {
  description = "Create the pipeline, its builds and its source. false, with github_repository: only the roles of GitHub's workflows, the artifact bucket and its key."
  type        = bool
  default     = true
  nullable    = false

  validation {
    condition     = var.create_pipeline || var.github_repository != null
    error_message = "create_pipeline may be false only with github_repository: without both, nothing could use what is created."
  }
}

variable "create_repository" {
  description = "With codecommit: create the repository; false where the stack of another environment has created it."
  type        = bool
  default     = true
  nullable    = false
}

variable "ignored_paths" {
  description = "Patterns of files that start no run when a push changes nothing else (connections only), at most 8."
  type        = list(string)
  default     = ["docs/**", "*.md", "app/**", "benchmarks/**", "console/**", ".github/**"]
  nullable    = false
}

variable "image" {
  description = "Image of jobs and endpoints: build makes one for each commit; prebuilt or a tag is used as it is."
  type        = string
  default     = "build"
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9_][A-Za-z0-9._-]{0,127}$", var.image))
    error_message = "image must be build, prebuilt or the tag of an image."
  }
}

variable "kms_deletion_window_days" {
  description = "Days between terraform destroy and the deletion of the KMS key, 7-30."
  type        = number
  default     = 30
  nullable    = false
}

variable "notification_emails" {
  description = "Email addresses to notify of waiting approvals (approval) and of failed runs (alarm)."
  type = object({
    approval = optional(set(string), [])
    alarm    = optional(set(string), [])
  })
  default  = {}
  nullable = false
}

variable "provider_type" {
  description = "Git provider of a created connection, or of any connection with drift.schedule: Bitbucket, GitHub, GitHubEnterpriseServer, GitLab or GitLabSelfManaged."
  type        = string
  default     = "GitHub"
  nullable    = false
}

variable "repository" {
  description = "OWNER/REPOSITORY behind a connection, or the name of a CodeCommit repository."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[A-Za-z0-9._-]+(/[A-Za-z0-9._-]+)*$", var.repository))
    error_message = "repository must be OWNER/REPOSITORY, or the name of a CodeCommit repository."
  }

  validation {
    condition     = strcontains(var.repository, "/") == (var.source_provider == "connection")
    error_message = "repository must be OWNER/REPOSITORY with source_provider connection, and a name without a slash with codecommit."
  }
}

variable "require_signed_image" {
  description = "Refuse to upload a manifest whose image build.sh has not signed (REQUIRE_SIGNED_IMAGE of the upload)."
  type        = bool
  default     = false
  nullable    = false
}

variable "retention_days" {
  description = "Days to keep the logs of builds (logs), and artifacts and plans (artifacts)."
  type = object({
    artifacts = optional(number, 30)
    logs      = optional(number, 90)
  })
  default  = {}
  nullable = false
}

variable "service" {
  description = "Name of the service, the first part of every name. At most 22 characters."
  type        = string
  default     = "ml-core"
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)*$", var.service)) && length(var.service) >= 2 && length(var.service) <= 22
    error_message = "service must be 2-22 lower-case letters, digits and single hyphens, start with a letter and not end with a hyphen."
  }
}

variable "source_provider" {
  description = "Where the repository is: connection (GitHub, GitLab, Bitbucket, ...) or codecommit."
  type        = string
  default     = "connection"
  nullable    = false
}

variable "state_bucket" {
  description = "Name of the bucket of the Terraform state of infra/ and of this root."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", var.state_bucket))
    error_message = "state_bucket must be the name of an S3 bucket."
  }
}

variable "tags" {
  description = "Additional tags for every resource, for example a cost centre."
  type        = map(string)
  default     = {}
  nullable    = false

  validation {
    condition     = length(setintersection(keys(var.tags), ["Environment", "ManagedBy", "Part", "Service", "Stage"])) == 0
    error_message = "tags must not set Environment, ManagedBy, Part, Service or Stage: the stack sets them itself."
  }
}

variable "test_paths" {
  description = "What the step test runs, as arguments of pytest."
  type        = string
  default     = "tests/unit localaws/tests/unit"
  nullable    = false
}
