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

  assert {
    condition     = length([for s in data.aws_iam_policy_document.upload.statement : s if contains(s.actions, "kms:GetPublicKey")]) == 0
    error_message = "An upload that verifies no image needs no public key."
  }

  assert {
    condition     = output.github_role_arns == null && length(module.github_oidc) == 0
    error_message = "No role is made for a repository of GitHub that was not named."
  }
}

run "rejects_wrong_values" {
  command = plan

  variables {
    aws_region      = "Ireland"
    branch          = ""
    build_stage     = "test"
    create_pipeline = false
    image           = "a b"
    repository      = "owner landing zone"
    service         = "ML"
    state_bucket    = "X"
    tags            = { Part = "mine" }
  }

  expect_failures = [
    var.aws_region,
    var.branch,
    var.build_stage,
    var.create_pipeline,
    var.image,
    var.repository,
    var.service,
    var.state_bucket,
    var.tags,
  ]
}

run "rejects_repository_without_an_owner" {
  command = plan

  variables {
    repository = "landing-zone"
  }

  expect_failures = [var.repository]
}
