output "key_arn" {
  description = "ARN of the key."
  value       = aws_kms_key.this.arn
}

output "log_key_arn" {
  description = "ARN of the key for log groups; available once the key policy allows CloudWatch Logs to use the key."
  value       = aws_kms_key.this.arn

  depends_on = [aws_kms_key_policy.this]
}
