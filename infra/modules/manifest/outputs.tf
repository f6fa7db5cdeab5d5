output "functions" {
  description = "Name and ARN of each function, keyed by create_schema and update_schema."
  value       = { for key, function in aws_lambda_function.this : key => { name = function.function_name, arn = function.arn } }

  # A function is called only when its permissions and its log group exist: otherwise Lambda would create
  # a log group that is not encrypted and never expires.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
