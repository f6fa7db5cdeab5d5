output "buckets" {
  description = "Name and ARN of the artifact, source and workflow bucket, by that word."
  value       = { for key, bucket in aws_s3_bucket.this : key => { name = bucket.id, arn = bucket.arn } }

  # Whoever uses a bucket finds it versioned, encrypted and closed.
  depends_on = [
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
