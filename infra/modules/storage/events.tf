# A new manifest starts the pipeline: S3 sends an event to EventBridge, whose rule is in the ml_pipeline module.
resource "aws_s3_bucket_notification" "source" {
  bucket      = aws_s3_bucket.this["source"].id
  eventbridge = true
}
