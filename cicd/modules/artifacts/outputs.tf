output "bucket" {
  description = "Name and ARN of the bucket."
  value       = { name = aws_s3_bucket.this.id, arn = aws_s3_bucket.this.arn }

  # A bucket is used only when it is versioned, encrypted and refuses unencrypted connections.
  depends_on = [
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
