output "names" {
  description = "Full name of each parameter, keyed by its short name."
  value       = { for key, parameter in aws_ssm_parameter.this : key => parameter.name }
}
