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

run "drift" {
  command = apply

  variables {
    drift = { schedule = "cron(17 4 ? * MON-FRI *)", time_zone = "Europe/Zurich" }
  }

  assert {
    condition     = toset(keys(output.role_arns)) == toset(["check", "image", "plan", "apply", "upload", "drift"])
    error_message = "The build that looks for drift has a role of its own, since it clones the repository."
  }

  assert {
    condition     = toset(data.aws_iam_policy_document.drift_source[0].statement[0].resources) == toset([module.source[0].connection_arn])
    error_message = "It may use this connection only."
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

run "rejects_values_that_do_not_fit_each_other" {
  command = plan

  variables {
    drift         = { schedule = "rate(1 day)" }
    provider_type = "GitLabSelfManaged"
    repository    = "landing-zone"
  }

  expect_failures = [var.drift, var.repository]
}
