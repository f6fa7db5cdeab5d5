mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account            = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  artifact_bucket    = { name = "artifacts", arn = "arn:aws:s3:::artifacts" }
  environment        = { SERVICE = "ml-core" }
  image              = "aws/codebuild/amazonlinux-x86_64-standard:5.0"
  kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  log_kms_key_arn    = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  log_retention_days = 30
  name               = "check"
  policies           = { progress = "{\"Version\":\"2012-10-17\",\"Statement\":[]}" }
  prefix             = "ml-core-development-cicd"
  projects = {
    lint = { buildspec = "lint", description = "Style." }
    test = {
      buildspec  = "test", description = "Tests.", environment = { TEST_PATHS = "tests" }
      privileged = true
      reports    = { junit = "TEST", cobertura = "CODE_COVERAGE" }
      source = {
        type           = "GITHUB"
        location       = "https://github.com/owner/landing-zone.git"
        branch         = "development"
        connection_arn = "arn:aws:codeconnections:eu-west-1:123456789012:connection/1"
      }
    }
  }
}

run "defaults" {
  command = apply

  module {
    source = "./modules/builds"
  }

  assert {
    condition     = { for key, project in aws_codebuild_project.this : key => project.name } == { lint = "ml-core-development-cicd-check-lint", test = "ml-core-development-cicd-check-test" }
    error_message = "The name of a project has the role's name in it."
  }

  assert {
    condition     = length(distinct([for project in aws_codebuild_project.this : project.service_role])) == 1
    error_message = "The projects share one role."
  }

  assert {
    condition     = [for key in ["lint", "test"] : one(aws_codebuild_project.this[key].environment).privileged_mode] == [false, true]
    error_message = "Only the project that asks for it is privileged."
  }

  assert {
    condition     = alltrue([for project in aws_codebuild_project.this : project.encryption_key == var.kms_key_arn])
    error_message = "What a build leaves behind is encrypted with our key."
  }

  assert {
    condition     = { for name, group in aws_codebuild_report_group.this : name => group.type } == { ml-core-development-cicd-check-test-cobertura = "CODE_COVERAGE", ml-core-development-cicd-check-test-junit = "TEST" }
    error_message = "A report group has the name that CodeBuild makes of the project and the name in the buildspec."
  }

  assert {
    condition     = one(aws_codebuild_project.this["lint"].source).buildspec == "cicd/buildspecs/lint.yml"
    error_message = "The buildspec is part of the commit."
  }

  assert {
    condition = [for key in ["lint", "test"] : [one(aws_codebuild_project.this[key].source).type, one(aws_codebuild_project.this[key].artifacts).type]] == [
      ["CODEPIPELINE", "CODEPIPELINE"], ["GITHUB", "NO_ARTIFACTS"]
    ]
    error_message = "A project has the source of the pipeline, unless it has its own."
  }

  assert {
    condition     = one(one(aws_codebuild_project.this["test"].source).auth).type == "CODECONNECTIONS" && aws_codebuild_project.this["test"].source_version == "development"
    error_message = "A source of its own is a branch behind a connection."
  }

  assert {
    condition     = alltrue([for group in aws_cloudwatch_log_group.this : group.retention_in_days == 30 && group.kms_key_id == var.log_kms_key_arn])
    error_message = "Logs are encrypted and expire."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/builds"
  }

  variables {
    account     = { id = "12", partition = "aws", region = "eu-west-1" }
    kms_key_arn = "alias/key"
    name        = "Check"
    prefix      = "ML-Core"
    projects    = {}
  }

  expect_failures = [var.account, var.kms_key_arn, var.name, var.prefix, var.projects]
}
