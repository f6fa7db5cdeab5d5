resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:Not replicated to a second region: everything in it is made again from a commit by the next run.
  #checkov:skip=CKV2_AWS_62:Nothing starts when an artifact is stored, so the bucket sends no events.
  #checkov:skip=CKV_AWS_18:Access logs need a central log bucket, which belongs to the account and not to this stack.
  bucket = "${var.prefix}-${var.account_id}-artifacts"
  # It holds copies only: a plan can be made again, and Git has the sources.
  force_destroy = true

  # Deprecated, but its replacement always waits 55 s in the provider: docs/decisions/0008-inline-lifecycle-rule.md
  lifecycle_rule {
    id                                     = "expire"
    enabled                                = true
    abort_incomplete_multipart_upload_days = 7

    expiration {
      days = var.retention_days
    }

    noncurrent_version_expiration {
      days = 7
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  bucket                  = aws_s3_bucket.this.id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  bucket = aws_s3_bucket.this.id

  rule {
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.kms_key_arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  bucket = aws_s3_bucket.this.id

  versioning_configuration {
    # A plan that somebody overwrites can be compared with the one that was approved.
    status = "Enabled"
  }
}

data "aws_iam_policy_document" "this" {
  statement {
    sid    = "DenyInsecureTransport"
    effect = "Deny"
    # A denial has to cover every action.
    actions   = ["s3:*"]
    resources = [aws_s3_bucket.this.arn, "${aws_s3_bucket.this.arn}/*"]

    principals {
      # Nobody is exempt from TLS.
      type        = "*"
      identifiers = ["*"]
    }

    condition {
      test     = "Bool"
      variable = "aws:SecureTransport"
      values   = ["false"]
    }
  }
}

resource "aws_s3_bucket_policy" "this" {
  bucket = aws_s3_bucket.this.id
  policy = data.aws_iam_policy_document.this.json

  # S3 refuses two concurrent changes to the access settings of one bucket (409 OperationAborted).
  depends_on = [aws_s3_bucket_public_access_block.this]
}
