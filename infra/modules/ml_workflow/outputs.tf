output "sagemaker_role_arn" {
  description = "ARN of the execution role of jobs, models and endpoints."
  value       = aws_iam_role.sagemaker.arn

  # A job fails when it starts before its role may read S3.
  depends_on = [aws_iam_role_policy.sagemaker]
}

output "state_machine_arns" {
  description = "State machine ARNs, keyed by deploy, inference and training."
  value       = { for key, machine in module.machine : key => machine.arn }

  # An execution fails when it starts before its jobs may read S3.
  depends_on = [aws_iam_role_policy.sagemaker]
}
