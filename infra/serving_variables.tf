variable "app" {
  description = "The sentiment app. The variable of the module app, which checks it, describes each value. null: no app."
  type = object({
    allowed_cidrs    = set(string)
    assign_public_ip = optional(bool)
    count            = optional(number)
    cpu              = optional(number)
    image            = string
    load_balancer    = optional(object({ certificate_arn = string, public = optional(bool), subnet_ids = set(string) }))
    memory_mb        = optional(number)
    subnet_ids       = set(string)
    use_case         = optional(string)
    vpc_id           = string
  })
  default = null

  validation {
    condition     = var.app == null || (var.inference_api.enabled && coalesce(var.inference_api.authorization, "AWS_IAM") == "AWS_IAM")
    error_message = "app needs the inference API with authorization AWS_IAM: the app signs its requests."
  }
}

variable "cost" {
  description = "A monthly budget, hours of dev endpoints, and when an endpoint counts as idle. The variable of the module cost, which checks it, describes each value."
  type        = object({ budget = optional(object({ monthly_usd = number, notify_at_percent = optional(set(number)) })), dev_hours = optional(object({ pause = string, resume = string, time_zone = optional(string) })), idle_hours = optional(number) })
  default     = {}
  nullable    = false
}

variable "inference_api" {
  description = "The API in front of the endpoints, and its probe of some use cases. The variables api and probe of the module inference_api, which checks them, describe each value."
  type = object({
    enabled                  = optional(bool, true)
    authorization            = optional(string)
    cors_origins             = optional(set(string))
    jwt                      = optional(object({ audience = set(string), issuer = string }))
    max_error_percent        = optional(number)
    max_latency_milliseconds = optional(number)
    throttling               = optional(object({ burst = optional(number), rate = optional(number) }))
    probe = optional(object({
      enabled             = optional(bool, false)
      min_success_percent = optional(number)
      period_seconds      = optional(number)
      schedule            = optional(string)
      use_cases           = optional(set(string), [])
    }), {})
  })
  default  = {}
  nullable = false

  validation {
    condition     = !var.inference_api.probe.enabled || length(var.inference_api.probe.use_cases) > 0
    error_message = "inference_api.probe.use_cases must name the use cases to probe, such as [\"housing\"]."
  }
}

variable "monitoring" {
  description = "Which endpoints are compared with their training, when, and what drift starts. The variable of the module monitoring, which checks it, describes each value."
  type = object({
    use_cases            = optional(set(string))
    schedule             = optional(string)
    window_hours         = optional(number)
    instance_type        = optional(string)
    minimum_rows         = optional(number)
    minimum_psi          = optional(number)
    false_discovery_rate = optional(number)
    alarm                = optional(object({ periods = optional(number), drifted = optional(number), period_hours = optional(number) }))
    retrain              = optional(object({ enabled = optional(bool), cooldown_days = optional(number), minimum_labels = optional(number) }))
  })
  default  = {}
  nullable = false
}

variable "rollout" {
  description = "How a new model replaces the one in service. The variable of the module deployment, which checks it, describes each value."
  type        = object({ type = optional(string), step_percent = optional(number), wait_seconds = optional(number), termination_seconds = optional(number), max_error_rate = optional(number), max_latency_milliseconds = optional(number) })
  default     = {}
  nullable    = false
}
