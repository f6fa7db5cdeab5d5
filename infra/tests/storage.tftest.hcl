mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account     = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix      = "ml-core-development"
}

run "defaults" {
  command = plan

  module {
    source = "./modules/storage"
  }

  assert {
    condition     = toset(keys(aws_s3_bucket.this)) == toset(["artifact", "source", "workflow"])
    error_message = "There is one bucket for artifacts, one for sources and one for runs."
  }

  assert {
    condition     = aws_s3_bucket.this["source"].bucket == "ml-core-development-123456789012-source-bucket"
    error_message = "Scripts compute the bucket names: {service}-{stage}-{account}-{word}-bucket."
  }

  assert {
    condition     = alltrue([for b in aws_s3_bucket.this : !b.force_destroy])
    error_message = "By default a bucket with objects survives terraform destroy."
  }

  assert {
    condition     = alltrue([for v in aws_s3_bucket_versioning.this : v.versioning_configuration[0].status == "Enabled"])
    error_message = "Every bucket keeps versions."
  }

  assert {
    condition     = alltrue([for e in aws_s3_bucket_server_side_encryption_configuration.this : alltrue([for r in e.rule : r.bucket_key_enabled && r.apply_server_side_encryption_by_default[0].sse_algorithm == "aws:kms" && r.apply_server_side_encryption_by_default[0].kms_master_key_id == var.kms_key_arn])])
    error_message = "Every bucket encrypts with our key and a bucket key."
  }

  assert {
    condition     = alltrue([for p in aws_s3_bucket_public_access_block.this : p.block_public_acls && p.block_public_policy && p.ignore_public_acls && p.restrict_public_buckets])
    error_message = "Every bucket blocks public access in all four ways."
  }

  assert {
    condition     = alltrue([for o in aws_s3_bucket_ownership_controls.this : o.rule[0].object_ownership == "BucketOwnerEnforced"])
    error_message = "No bucket has ACLs."
  }

  assert {
    condition     = alltrue([for d in data.aws_iam_policy_document.this : d.statement[0].effect == "Deny" && one(d.statement[0].condition).variable == "aws:SecureTransport"])
    error_message = "Every bucket refuses requests without TLS."
  }

  assert {
    condition     = aws_s3_bucket_notification.source.eventbridge
    error_message = "The source bucket sends events to EventBridge."
  }

  assert {
    condition     = length(aws_s3_bucket.this["artifact"].lifecycle_rule) == 2 && aws_s3_bucket.this["artifact"].lifecycle_rule[1].expiration[0].days == 90
    error_message = "Artifacts expire after 90 days."
  }

  assert {
    condition     = [for r in aws_s3_bucket.this["workflow"].lifecycle_rule : r.prefix if length(r.expiration) > 0] == ["capture/"]
    error_message = "Of the data, models and reports of runs nothing expires by itself; captured requests do."
  }

  assert {
    condition     = alltrue([for r in aws_s3_bucket.this["workflow"].lifecycle_rule : r.expiration[0].days == 30 && r.noncurrent_version_expiration[0].days == 1 if r.id == "expire-captures"])
    error_message = "Captured requests expire after 30 days, and are gone a day later."
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 0
    error_message = "By default access is not logged: that needs a bucket of the account."
  }
}

run "logs_access_to_a_named_bucket" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    access_log_bucket = "central-access-logs"
  }

  assert {
    condition     = length(aws_s3_bucket_logging.this) == 3 && alltrue([for l in aws_s3_bucket_logging.this : l.target_bucket == "central-access-logs"])
    error_message = "All three buckets log to the named bucket."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    account        = { id = "1234", partition = "aws", region = "eu-west-1" }
    kms_key_arn    = "alias/ml-core-development"
    prefix         = "ML-Core-Development"
    retention_days = { artifacts = 7 }
  }

  expect_failures = [var.account, var.kms_key_arn, var.prefix, var.retention_days]
}

run "rejects_versions_kept_for_0_days" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    retention_days = { versions = 0 }
  }

  expect_failures = [var.retention_days]
}

run "rejects_captures_kept_for_half_a_day" {
  command = plan

  module {
    source = "./modules/storage"
  }

  variables {
    retention_days = { captures = 0.5 }
  }

  expect_failures = [var.retention_days]
}
