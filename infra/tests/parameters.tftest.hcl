mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  path       = "/ml-core/development"
  parameters = { source_bucket = "a-bucket" }
}

run "defaults" {
  command = plan

  module {
    source = "./modules/parameters"
  }

  assert {
    condition     = aws_ssm_parameter.this["source_bucket"].name == "/ml-core/development/source_bucket" && aws_ssm_parameter.this["source_bucket"].value == "a-bucket"
    error_message = "A parameter is named {path}/{name}."
  }

  assert {
    condition     = aws_ssm_parameter.this["source_bucket"].type == "String"
    error_message = "The values are not secret, so they are not encrypted."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/parameters"
  }

  variables {
    parameters = { "a/b" = "x" }
    path       = "/ml-core/development/"
  }

  expect_failures = [var.parameters, var.path]
}
