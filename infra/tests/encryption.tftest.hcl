mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  prefix  = "ml-core-development"
}

run "defaults" {
  command = plan

  module {
    source = "./modules/encryption"
  }

  assert {
    condition     = aws_kms_key.this.enable_key_rotation
    error_message = "The key must rotate each year."
  }

  assert {
    condition     = aws_kms_key.this.deletion_window_in_days == 30
    error_message = "By default the deletion of the key can be cancelled for as long as AWS allows."
  }

  assert {
    condition     = aws_kms_alias.this.name == "alias/ml-core-development"
    error_message = "The alias has the name of the deployment."
  }

  assert {
    condition     = length(data.aws_iam_policy_document.key.statement) == 3
    error_message = "The key policy has a statement for the account, the logs and the publishing services."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.key.statement : alltrue([for p in s.principals : !contains(p.identifiers, "*")])])
    error_message = "No principal of the key policy may be everybody."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.key.statement : length(s.condition) > 0 if s.sid != "AccountDecidesThroughIam"])
    error_message = "Every service in the key policy needs a condition."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/encryption"
  }

  variables {
    account              = { id = "1234", partition = "aws", region = "eu-west-1" }
    deletion_window_days = 6
    prefix               = "ML-Core-Development"
  }

  expect_failures = [var.account, var.deletion_window_days, var.prefix]
}

run "rejects_prefix_of_40_characters" {
  command = plan

  module {
    source = "./modules/encryption"
  }

  variables {
    prefix = "a123456789-123456789-123456789-123456789"
  }

  expect_failures = [var.prefix]
}
