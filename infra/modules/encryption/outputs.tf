output "key_alias" {
  description = "Alias of the key."
  value       = aws_kms_alias.this.name
}

output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "log_key_arn" {
  description = "ARN of the key for log groups: known once its policy lets CloudWatch Logs use it."
  value       = aws_kms_key.this.arn

  depends_on = [aws_kms_key_policy.this]
}
