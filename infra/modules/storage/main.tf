locals {
  # Days after which objects of each bucket expire; null: never.
  buckets = {
    # What one pipeline action passes to the next.
    artifact = { expire_days = var.retention_days.artifacts }
    # Manifest, use cases and job code, uploaded from Git.
    source = { expire_days = null }
    # Data, models and reports, one folder per run; and what endpoints capture, which has a rule of its own.
    workflow = { expire_days = null }
  }
}

resource "aws_s3_bucket" "this" {
  #checkov:skip=CKV_AWS_144:Not replicated to a second region: code and settings are in Git, and a run can be repeated from its data.
  #checkov:skip=CKV2_AWS_62:Only the manifest starts something, so only the source bucket sends events (events.tf).
  #checkov:skip=CKV_AWS_18:Access logs need a central log bucket, which belongs to the account: name it in access_log_bucket.
  for_each = local.buckets

  bucket        = "${var.prefix}-${var.account.id}-${each.key}-bucket"
  force_destroy = var.force_destroy

  # Deprecated, but its replacement always waits 55 s in the provider: docs/decisions/0008-inline-lifecycle-rule.md
  lifecycle_rule {
    id                                     = "tidy"
    enabled                                = true
    abort_incomplete_multipart_upload_days = 7

    noncurrent_version_expiration {
      days = var.retention_days.versions
    }
  }

  dynamic "lifecycle_rule" {
    for_each = each.value.expire_days == null ? [] : [each.value.expire_days]

    content {
      id      = "expire"
      enabled = true

      expiration {
        days = lifecycle_rule.value
      }
    }
  }

  # Requests may hold personal data, so an expired one is not kept as an old version.
  dynamic "lifecycle_rule" {
    for_each = each.key == "workflow" ? [var.retention_days.captures] : []

    content {
      id      = "expire-captures"
      enabled = true
      # capture/{endpoint}/{variant}/yyyy/mm/dd/hh/
      prefix = "capture/"

      expiration {
        days = lifecycle_rule.value
      }

      # Where two rules concern the same object, the shorter time counts.
      noncurrent_version_expiration {
        days = 1
      }
    }
  }

  lifecycle {
    precondition {
      condition     = length("${var.prefix}-${var.account.id}-${each.key}-bucket") <= 63
      error_message = "The bucket name ${var.prefix}-${var.account.id}-${each.key}-bucket has more than 63 characters: shorten service."
    }
  }
}

resource "aws_s3_bucket_ownership_controls" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    object_ownership = "BucketOwnerEnforced"
  }
}

resource "aws_s3_bucket_public_access_block" "this" {
  for_each = local.buckets

  bucket                  = aws_s3_bucket.this[each.key].id
  block_public_acls       = true
  block_public_policy     = true
  ignore_public_acls      = true
  restrict_public_buckets = true
}

resource "aws_s3_bucket_server_side_encryption_configuration" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  rule {
    # One data key for the bucket instead of one KMS call for each of the many objects that a job reads.
    bucket_key_enabled = true

    apply_server_side_encryption_by_default {
      kms_master_key_id = var.kms_key_arn
      sse_algorithm     = "aws:kms"
    }
  }
}

resource "aws_s3_bucket_versioning" "this" {
  for_each = local.buckets

  bucket = aws_s3_bucket.this[each.key].id

  versioning_configuration {
    # CodePipeline requires versioning of a source bucket; in the others it allows a mistake to be undone.
    status = "Enabled"
  }
}

resource "aws_s3_bucket_logging" "this" {
  for_each = var.access_log_bucket == null ? {} : local.buckets

  bucket        = aws_s3_bucket.this[each.key].id
  target_bucket = var.access_log_bucket
  target_prefix = "${aws_s3_bucket.this[each.key].id}/"
}
