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
  description = "ARN of the SNS topic that alarms are published to."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:sns:[a-z0-9-]+:[0-9]{12}:.+$", var.alarm_topic_arn))
    error_message = "alarm_topic_arn must be the ARN of an SNS topic."
  }
}

variable "api" {
  description = "Who may call (authorization AWS_IAM or JWT, with issuer and audience), how often (requests a second, burst), pages of which origins may (cors_origins), and when an alarm is raised."
  type = object({
    authorization            = optional(string, "AWS_IAM")
    cors_origins             = optional(set(string), [])
    jwt                      = optional(object({ audience = set(string), issuer = string }))
    max_error_percent        = optional(number, 5)
    max_latency_milliseconds = optional(number, 2000)
    throttling               = optional(object({ burst = optional(number, 100), rate = optional(number, 50) }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = contains(["AWS_IAM", "JWT"], var.api.authorization)
    error_message = "authorization must be AWS_IAM or JWT: the API is never open to everybody."
  }

  validation {
    condition     = (var.api.authorization == "JWT") == (var.api.jwt != null)
    error_message = "jwt must be set with authorization JWT, and only then: jwt = { issuer = \"https://...\", audience = [\"...\"] }."
  }

  validation {
    # API Gateway itself refuses http for issuers on the Internet.
    condition     = var.api.jwt == null || (can(regex("^https?://[^/]+", var.api.jwt.issuer)) && length(try(var.api.jwt.audience, [])) > 0)
    error_message = "jwt.issuer must be the URL of an issuer, and jwt.audience must have at least one audience."
  }

  validation {
    condition     = alltrue([for origin in var.api.cors_origins : can(regex("^(https://|http://localhost(:|$))[^*]*$", origin))])
    error_message = "cors_origins must be https origins such as https://app.example.com (http only for localhost), without *."
  }

  validation {
    condition     = var.api.throttling.rate >= 1 && var.api.throttling.rate <= 10000 && var.api.throttling.burst >= 1 && var.api.throttling.burst <= 5000
    error_message = "throttling.rate must be 1-10000 requests a second and throttling.burst 1-5000 requests (the quotas of an account)."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the functions' settings, the schedules and the workflow bucket."
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

variable "package_dir" {
  description = "Folder with infer.zip and probe.zip. A plan works before they are built; an apply does not."
  type        = string
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

variable "probe" {
  description = "Calls the API on a schedule with rows (lines of CSV) of each use case; an alarm when less than min_success_percent succeed on average over period_seconds, which must span at least two probes. null: no probe."
  type = object({
    min_success_percent = optional(number, 60)
    period_seconds      = optional(number, 900)
    rows                = map(list(string))
    schedule            = optional(string, "rate(5 minutes)")
  })
  default = null

  validation {
    condition     = var.probe == null || can(regex("^(rate|cron)\\(.+\\)$", var.probe.schedule))
    error_message = "probe.schedule must be rate(...) or cron(...), such as rate(5 minutes)."
  }

  validation {
    condition     = var.probe == null || try(var.probe.period_seconds % 60 == 0 && var.probe.period_seconds >= 60 && var.probe.period_seconds <= 86400, false)
    error_message = "probe.period_seconds must be a multiple of 60, at most 86400 (a day)."
  }

  validation {
    condition     = var.probe == null || alltrue([for rows in try(values(var.probe.rows), []) : length(rows) > 0])
    error_message = "probe.rows must have at least one row for each use case: is sample.inference of the use case a file with rows?"
  }
}

variable "workflow_bucket" {
  description = "Name and ARN of the bucket with the use case of each run."
  type        = object({ name = string, arn = string })
  nullable    = false
}
