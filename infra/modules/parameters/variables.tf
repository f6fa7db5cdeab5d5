variable "parameters" {
  description = "Values to publish, keyed by short name. Names and ARNs only, nothing secret."
  type        = map(string)
  nullable    = false

  validation {
    condition     = alltrue([for name in keys(var.parameters) : can(regex("^[a-z][a-z0-9_]*$", name))])
    error_message = "parameters must have snake_case names: lower-case letters, digits and underscores."
  }
}

variable "path" {
  description = "Path of the parameters: /{service}/{stage}."
  type        = string
  nullable    = false

  validation {
    condition     = can(regex("^(/[a-z][a-z0-9-]*){2}$", var.path))
    error_message = "path must be /{service}/{stage}, without a slash at the end."
  }
}
