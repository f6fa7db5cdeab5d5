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
  description = "URL and execution ARN of the inference API, which authorizes with AWS_IAM."
  type        = object({ execution_arn = string, url = string })
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:execute-api:[a-z0-9-]+:[0-9]{12}:[a-z0-9]+$", var.api.execution_arn))
    error_message = "api.execution_arn must be the ARN of an API, without a stage."
  }
}

variable "app" {
  description = "The image by its digest in ECR, the use case, the network (VPC, subnets, who may connect: allowed_cidrs), and the size (cpu units, memory_mb, count). load_balancer: HTTPS with a certificate, internal unless public; null: people reach the task inside the VPC."
  type = object({
    allowed_cidrs    = set(string)
    assign_public_ip = optional(bool, false)
    count            = optional(number, 1)
    cpu              = optional(number, 512)
    image            = string
    load_balancer    = optional(object({ certificate_arn = string, public = optional(bool, false), subnet_ids = set(string) }))
    memory_mb        = optional(number, 1024)
    subnet_ids       = set(string)
    use_case         = optional(string, "reviews")
    vpc_id           = string
  })
  nullable = false

  validation {
    condition     = can(regex("^[0-9]{12}\\.dkr\\.ecr\\.[a-z0-9-]+\\.[a-z.]+/[a-z0-9][a-z0-9._/-]*@sha256:[0-9a-f]{64}$", var.app.image))
    error_message = "app.image must be an image in ECR by its digest: 123456789012.dkr.ecr.eu-west-1.amazonaws.com/name@sha256:... A tag could be moved."
  }

  validation {
    condition     = length(var.app.allowed_cidrs) > 0 && alltrue([for cidr in var.app.allowed_cidrs : can(cidrnetmask(cidr)) && !endswith(cidr, "/0")])
    error_message = "app.allowed_cidrs must be IPv4 networks such as 10.0.0.0/8, and never the whole Internet: the app knows no users."
  }

  validation {
    condition     = can(regex("^vpc-[0-9a-f]+$", var.app.vpc_id)) && length(var.app.subnet_ids) > 0 && alltrue([for id in var.app.subnet_ids : can(regex("^subnet-[0-9a-f]+$", id))])
    error_message = "app.vpc_id and app.subnet_ids must be the id of a VPC and of at least one of its subnets."
  }

  validation {
    condition     = var.app.load_balancer == null || try(can(regex("^arn:[a-z-]+:acm:[a-z0-9-]+:[0-9]{12}:certificate/.+$", var.app.load_balancer.certificate_arn)) && length(var.app.load_balancer.subnet_ids) > 1, false)
    error_message = "app.load_balancer must have the ARN of a certificate in ACM, and subnets in two availability zones."
  }

  validation {
    condition     = contains([256, 512, 1024, 2048, 4096], var.app.cpu) && var.app.memory_mb >= 2 * var.app.cpu && var.app.memory_mb <= 8 * var.app.cpu && var.app.memory_mb % 1024 == 0 && contains(range(1, 11), var.app.count)
    error_message = "app.cpu must be 256, 512, 1024, 2048 or 4096, app.memory_mb a multiple of 1024 from 2 to 8 times as much (what Fargate offers), and app.count from 1 to 10."
  }

  validation {
    condition     = can(regex("^[a-z][a-z0-9-]{0,14}$", var.app.use_case))
    error_message = "app.use_case must be the name of a use case: 1-15 lower-case letters, digits and hyphens."
  }
}

variable "kms_key_arn" {
  description = "ARN of the KMS key that encrypts the workflow bucket."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^arn:[a-z-]+:kms:[a-z0-9-]+:[0-9]{12}:key/.+$", var.kms_key_arn))
    error_message = "kms_key_arn must be the ARN of a KMS key, not an alias or an id."
  }
}

variable "logs" {
  description = "KMS key of the log group, whose policy must allow CloudWatch Logs to use it, and days to keep log events (the root module checks them)."
  type        = object({ kms_key_arn = string, retention_days = number })
  nullable    = false
}

variable "prefix" {
  description = "First part of every name: {service}-{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^[a-z][a-z0-9]*(-[a-z0-9]+)+$", var.prefix)) && length(var.prefix) <= 28
    error_message = "prefix must be {service}-{stage} in lower case, at most 28 characters for the app (the name of a load balancer may have 32)."
  }
}

variable "stack" {
  description = "Service and stage of the deployment; the page shows the stage."
  type        = object({ service = string, stage = string })
  nullable    = false
}

variable "workflow_bucket" {
  description = "Name and ARN of the bucket with the labels."
  type        = object({ name = string, arn = string })
  nullable    = false
}
