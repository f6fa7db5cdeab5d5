output "arn" {
  description = "ARN of the function."
  value       = aws_lambda_function.this.arn

  # A function is called only when its permissions and its log group exist: otherwise Lambda would create
  # a log group that is not encrypted and never expires.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}

output "name" {
  description = "Name of the function."
  value       = aws_lambda_function.this.function_name

  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
