output "sagemaker_role_arn" {
  description = "ARN of the role of jobs, models and endpoints."
  value       = aws_iam_role.sagemaker.arn

  # A job that starts before its role may read S3 fails.
  depends_on = [aws_iam_role_policy.sagemaker]
}

output "state_machine_arns" {
  description = "ARN of the state machines training and inference, by that word."
  value       = { for key, machine in aws_sfn_state_machine.this : key => machine.arn }
}
