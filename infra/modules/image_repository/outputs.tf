output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "signing_key_arn" {
  description = "ARN of the key that signs the images' bills of materials and provenance."
  value       = aws_kms_key.signing.arn
}

output "url" {
  description = "URI of the repository; an image is {url}:{tag}."
  value       = aws_ecr_repository.this.repository_url
}
