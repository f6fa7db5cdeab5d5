output "buckets" {
  description = "Name and ARN of each bucket, keyed by artifact, source and workflow."
  value       = { for key, bucket in aws_s3_bucket.this : key => { name = bucket.id, arn = bucket.arn } }

  # A bucket is used only when it is versioned, encrypted and refuses unencrypted connections.
  depends_on = [
    aws_s3_bucket_policy.this,
    aws_s3_bucket_server_side_encryption_configuration.this,
    aws_s3_bucket_versioning.this,
  ]
}
