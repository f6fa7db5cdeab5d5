output "projects" {
  description = "Name and ARN of each project."
  value       = { for key, project in aws_codebuild_project.this : key => { name = project.name, arn = project.arn } }
}

output "role_arn" {
  description = "ARN of the role of the builds."
  value       = aws_iam_role.this.arn
}
