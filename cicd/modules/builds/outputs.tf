output "projects" {
  description = "Name and ARN of each project."
  value       = { for key, project in aws_codebuild_project.this : key => { name = project.name, arn = project.arn } }

  # A build that starts before its role has its policies fails.
  depends_on = [aws_iam_role_policy.this, aws_iam_role_policy_attachment.this]
}

output "role_arn" {
  description = "ARN of the role of the builds."
  value       = aws_iam_role.this.arn
}
