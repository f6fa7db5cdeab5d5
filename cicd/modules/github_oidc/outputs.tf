output "provider_arn" {
  description = "ARN of the OpenID Connect provider."
  value       = local.provider_arn
}

output "role_arns" {
  description = "ARN of each role by purpose: apply, deployment, drift, evaluation, plan, upload."
  value       = { for purpose, role in aws_iam_role.this : purpose => role.arn }
}

output "subjects" {
  description = "Claim sub that each role trusts, by purpose."
  value       = local.subjects
}
