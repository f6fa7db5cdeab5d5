output "arn" {
  description = "ARN of the repository."
  value       = aws_ecr_repository.this.arn
}

output "url" {
  description = "URI of the repository; an image is {url}:{tag}."
  value       = aws_ecr_repository.this.repository_url
}
