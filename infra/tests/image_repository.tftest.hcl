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

run "signing_key" {
  command = plan

  module {
    source = "./modules/image_repository"
  }

  variables {
    signer_arns = ["arn:aws:iam::123456789012:role/builder-*"]
  }

  assert {
    condition     = aws_kms_key.signing.key_usage == "SIGN_VERIFY" && aws_kms_key.signing.customer_master_key_spec == "ECC_NIST_P256"
    error_message = "Images are signed with an elliptic curve key."
  }

  assert {
    condition     = aws_kms_alias.signing.name == "alias/ml-core-development-image-signing"
    error_message = "The scripts find the key by its alias."
  }

  assert {
    condition     = [for s in data.aws_iam_policy_document.signing_key.statement : s.sid if contains(s.actions, "kms:Sign")] == ["BuildersSign"]
    error_message = "One statement alone allows to sign."
  }

  assert {
    condition = toset(flatten([for s in data.aws_iam_policy_document.signing_key.statement : [for c in s.condition : c.values]])) == toset([
      "arn:aws:iam::123456789012:role/ml-core-development-cicd-image", "arn:aws:iam::123456789012:role/builder-*",
    ])
    error_message = "Only the image role and the named roles sign."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.signing_key.statement : !anytrue([for action in s.actions : strcontains(action, "*")])])
    error_message = "Each action of the key is named."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/image_repository"
  }

  variables {
    account              = { id = "1234", partition = "aws", region = "eu-west-1" }
    deletion_window_days = 31
    kms_key_arn          = "alias/ml-core-development"
    prefix               = "ML-Core-Development"
    signer_arns          = ["arn:aws:iam::123456789012:role/*"]
  }

  expect_failures = [var.account, var.deletion_window_days, var.kms_key_arn, var.prefix, var.signer_arns]
}
