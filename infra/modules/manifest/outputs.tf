output "functions" {
  description = "Name and ARN of the functions create_schema and update_schema, by that word."
  value       = { for key, function in aws_lambda_function.this : key => { name = function.function_name, arn = function.arn } }

  # Who calls a function finds its log group (else Lambda makes one, unencrypted and kept for ever)
  # and its permissions.
  depends_on = [aws_cloudwatch_log_group.this, aws_iam_role_policy.this]
}
