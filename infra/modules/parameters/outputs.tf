output "names" {
  description = "Full name of each parameter, by its last part."
  value       = { for key, parameter in aws_ssm_parameter.this : key => parameter.name }
}
