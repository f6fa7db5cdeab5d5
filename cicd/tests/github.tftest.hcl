mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  branch       = "main"
  build_stage  = "production"
  repository   = "owner/landing-zone"
  state_bucket = "ml-core-production-123456789012-state-bucket"
}

# Without the pipeline, and with signed images: what the workflows of GitHub alone need.
run "with_github" {
  variables {
    create_pipeline      = false
    github_repository    = { name = "owner/landing-zone" }
    require_signed_image = true
  }

  assert {
    condition     = output.pipeline_name == null && output.role_arns == {} && length(module.source) + length(module.notification) == 0 && output.artifact_bucket != ""
    error_message = "Without the pipeline there are the artifact bucket and the roles of GitHub only."
  }

  assert {
    condition     = length(setsubtract(["ecr:DescribeImages", "kms:GetPublicKey"], flatten(data.aws_iam_policy_document.upload.statement[*].actions))) == 0 && local.builds.upload.projects.upload.environment.REQUIRE_SIGNED_IMAGE == "true"
    error_message = "An upload that verifies the image may read its digest and the public key."
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
