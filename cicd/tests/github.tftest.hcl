mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  branch       = "main"
  build_stage  = "production"
  repository   = "owner/landing-zone"
  state_bucket = "ml-core-production-123456789012-state-bucket"
}

run "with_github" {
  variables {
    github_repository = { name = "owner/landing-zone" }
  }

  assert {
    condition     = toset(keys(output.github_role_arns)) == toset(["apply", "deployment", "drift", "evaluation", "plan", "upload"])
    error_message = "Each workflow has a role of its own."
  }

  assert {
    condition     = module.github_oidc[0].subjects.apply == "repo:owner/landing-zone:environment:production"
    error_message = "The apply runs in the environment of the stage."
  }
}
