mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account_id     = "123456789012"
  kms_key_arn    = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix         = "ml-core-development-cicd"
  retention_days = 30
}

run "defaults" {
  command = apply

  module {
    source = "./modules/artifacts"
  }

  assert {
    condition     = aws_s3_bucket.this.bucket == "ml-core-development-cicd-123456789012-artifacts"
    error_message = "The bucket is named for the pipeline and the account."
  }

  assert {
    condition     = one(one(aws_s3_bucket_server_side_encryption_configuration.this.rule).apply_server_side_encryption_by_default).kms_master_key_id == var.kms_key_arn
    error_message = "Plans may hold secrets, so they are encrypted with our key."
  }

  assert {
    condition     = one(aws_s3_bucket_versioning.this.versioning_configuration).status == "Enabled"
    error_message = "The bucket is versioned."
  }

  assert {
    condition     = alltrue([for name in ["block_public_acls", "block_public_policy", "ignore_public_acls", "restrict_public_buckets"] : aws_s3_bucket_public_access_block.this[name]])
    error_message = "Nothing in the bucket is public."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/artifacts"
  }

  variables {
    account_id     = "12"
    kms_key_arn    = "alias/key"
    prefix         = "ML-Core"
    retention_days = 7
  }

  expect_failures = [var.account_id, var.kms_key_arn, var.prefix, var.retention_days]
}
