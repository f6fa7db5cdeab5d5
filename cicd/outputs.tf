output "artifact_bucket" {
  description = "Bucket of the pipeline's artifacts and of the stored plans."
  value       = module.artifacts.bucket.name
}

output "branch" {
  description = "Branch whose commits are deployed."
  value       = var.branch
}

output "clone_url" {
  description = "HTTPS address of the CodeCommit repository that was created, else null."
  value       = one(module.source[*].clone_url)
}

output "connection_arn" {
  description = "ARN of the connection to the Git provider; null with CodeCommit."
  value       = one(module.source[*].connection_arn)
}

output "pipeline_name" {
  description = "Name of the pipeline; null without create_pipeline."
  value       = one(module.pipeline[*].name)
}

output "repository" {
  description = "The repository that is deployed."
  value       = var.repository
}

output "role_arns" {
  description = "ARN of the role of each group of builds: check, image, plan, apply, upload, and drift with its schedule; none without create_pipeline."
  value       = { for name, builds in module.builds : name => builds.role_arn }
}
