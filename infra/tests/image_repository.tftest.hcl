mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix      = "ml-core-development"
}

run "defaults" {
  command = plan

  module {
    source = "./modules/image_repository"
  }

  assert {
    condition     = aws_ecr_repository.this.image_tag_mutability == "IMMUTABLE"
    error_message = "Tags are immutable."
  }

  assert {
    condition     = aws_ecr_repository.this.image_scanning_configuration[0].scan_on_push
    error_message = "Images are scanned when they are pushed."
  }

  assert {
    condition     = aws_ecr_repository.this.encryption_configuration[0].kms_key == var.kms_key_arn
    error_message = "Images are encrypted with our key."
  }

  assert {
    condition     = !aws_ecr_repository.this.force_delete
    error_message = "By default a repository with images survives terraform destroy."
  }
}

run "rejects_kms_alias_instead_of_arn" {
  command = plan

  module {
    source = "./modules/image_repository"
  }

  variables {
    kms_key_arn = "alias/ml-core-development"
  }

  expect_failures = [var.kms_key_arn]
}

run "rejects_prefix_in_capitals" {
  command = plan

  module {
    source = "./modules/image_repository"
  }

  variables {
    prefix = "ML-Core-Development"
  }

  expect_failures = [var.prefix]
}
