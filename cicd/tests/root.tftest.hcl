mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  branch       = "development"
  repository   = "owner/landing-zone"
  state_bucket = "ml-core-development-123456789012-state-bucket"
}

run "defaults" {
  command = apply

  assert {
    condition     = output.pipeline_name == "ml-core-development-cicd-pipeline"
    error_message = "The pipeline is named for the environment."
  }

  assert {
    condition     = toset(keys(output.role_arns)) == toset(["check", "image", "plan", "apply", "upload"])
    error_message = "Each kind of step has its own role."
  }

  assert {
    condition     = output.artifact_bucket != "" && output.clone_url == null
    error_message = "With a connection no repository is created."
  }
}

run "rejects_name_of_a_region" {
  command = plan

  variables {
    aws_region = "Ireland"
  }

  expect_failures = [var.aws_region]
}

run "rejects_empty_branch" {
  command = plan

  variables {
    branch = ""
  }

  expect_failures = [var.branch]
}

run "rejects_unknown_stage" {
  command = plan

  variables {
    build_stage = "test"
  }

  expect_failures = [var.build_stage]
}

run "rejects_image_with_a_space" {
  command = plan

  variables {
    image = "a b"
  }

  expect_failures = [var.image]
}

run "rejects_repository_with_spaces" {
  command = plan

  variables {
    repository = "owner landing zone"
  }

  expect_failures = [var.repository]
}

run "rejects_repository_without_an_owner" {
  command = plan

  variables {
    repository = "landing-zone"
  }

  expect_failures = [var.repository]
}

run "rejects_service_in_capitals" {
  command = plan

  variables {
    service = "ML"
  }

  expect_failures = [var.service]
}

run "rejects_wrong_state_bucket" {
  command = plan

  variables {
    state_bucket = "X"
  }

  expect_failures = [var.state_bucket]
}

run "rejects_own_tags" {
  command = plan

  variables {
    tags = { Part = "mine" }
  }

  expect_failures = [var.tags]
}
