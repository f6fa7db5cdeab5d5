mock_provider "aws" {
  mock_data "aws_iam_policy_document" {
    defaults = { json = "{}" }
  }

  mock_resource "aws_iam_openid_connect_provider" {
    defaults = { arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com" }
  }

  mock_resource "aws_iam_policy" {
    defaults = { arn = "arn:aws:iam::123456789012:policy/mocked" }
  }
}

variables {
  account        = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  branch         = "main"
  environments   = { apply = "production" }
  key_tags       = { Service = "ml-core", Stage = "production" }
  parameter_path = "/ml-core/production"
  prefix         = "ml-core-production-cicd"
  repository     = { name = "example-org/landing-zone" }
  stack          = "ml-core-production"
  policies = {
    apply  = { read = "{}", write = "{}" }
    drift  = { read = "{}" }
    plan   = { read = "{}" }
    upload = { upload = "{}" }
  }
}

run "defaults" {
  module {
    source = "./modules/github_oidc"
  }

  assert {
    condition = output.subjects == {
      apply      = "repo:example-org/landing-zone:environment:production"
      deployment = "repo:example-org/landing-zone:environment:deploy-candidate"
      drift      = "repo:example-org/landing-zone:environment:drift"
      evaluation = "repo:example-org/landing-zone:environment:evaluation"
      plan       = "repo:example-org/landing-zone:pull_request"
      upload     = "repo:example-org/landing-zone:ref:refs/heads/main"
    }
    error_message = "Each role trusts one subject."
  }

  assert {
    condition = alltrue([
      for purpose, document in data.aws_iam_policy_document.trust : (
        { for condition in one(document.statement).condition : condition.variable => [condition.test, condition.values] } == {
          "token.actions.githubusercontent.com:aud" = ["StringEquals", tolist(["sts.amazonaws.com"])]
          "token.actions.githubusercontent.com:sub" = ["StringEquals", tolist([output.subjects[purpose]])]
        }
      )
    ])
    error_message = "Each trust policy demands the exact sub and aud."
  }

  assert {
    condition     = one(aws_iam_openid_connect_provider.this).url == "https://token.actions.githubusercontent.com"
    error_message = "The provider is that of GitHub."
  }

  assert {
    condition     = toset([for key in keys(aws_iam_policy.this) : key]) == toset(["apply/read", "apply/write", "deployment/deployment", "drift/read", "evaluation/evaluation", "plan/read", "upload/upload"])
    error_message = "Each role has the policies of its purpose and no other."
  }

  assert {
    condition = alltrue([
      for statement in data.aws_iam_policy_document.evaluation.statement :
      !contains(statement.actions, "codepipeline:PutApprovalResult") || statement.resources == toset(["arn:aws:codepipeline:eu-west-1:123456789012:ml-core-production-ml-pipeline/MachineLearningStage/UploadSourceData"])
    ])
    error_message = "An evaluation cannot approve a model."
  }

  assert {
    condition = alltrue([
      for statement in concat(data.aws_iam_policy_document.evaluation.statement, data.aws_iam_policy_document.deployment.statement, data.aws_iam_policy_document.follow.statement) :
      !contains(statement.resources, "*") && alltrue([for action in statement.actions : !strcontains(action, "*")])
    ])
    error_message = "No action and no resource is a wildcard."
  }
}

run "immutable_subjects_and_existing_provider" {
  module {
    source = "./modules/github_oidc"
  }

  variables {
    provider_arn = "arn:aws:iam::123456789012:oidc-provider/token.actions.githubusercontent.com"
    repository   = { name = "example-org/landing-zone", ids = { owner = "123", repository = "456" } }
  }

  assert {
    condition     = length(aws_iam_openid_connect_provider.this) == 0 && output.provider_arn == var.provider_arn
    error_message = "An account has one provider, which is used as it is."
  }

  assert {
    condition     = output.subjects.plan == "repo:example-org@123/landing-zone@456:pull_request"
    error_message = "The subject names the ids of owner and repository."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/github_oidc"
  }

  variables {
    account        = { id = "1234", partition = "aws", region = "eu-west-1" }
    audience       = "https://github.com/example-org"
    branch         = "*"
    environments   = { apply = "*" }
    key_tags       = { Service = "ml-core" }
    parameter_path = "ml-core/production"
    policies       = { apply = {}, drift = {}, plan = {}, upload = {}, admin = {} }
    prefix         = "ML-Core-Production"
    provider_arn   = "arn:aws:iam::123456789012:oidc-provider/issuer.example.com"
    repository     = { name = "example-org/*" }
    stack          = "ML-Core"
  }

  expect_failures = [
    var.account,
    var.audience,
    var.branch,
    var.environments,
    var.key_tags,
    var.parameter_path,
    var.policies,
    var.prefix,
    var.provider_arn,
    var.repository,
    var.stack,
  ]
}

run "rejects_other_wrong_values" {
  command = plan

  module {
    source = "./modules/github_oidc"
  }

  variables {
    branch       = "-refs/heads/main"
    environments = { apply = "drift" }
    policies     = { apply = {}, drift = {}, plan = {} }
    repository   = { name = "landing-zone" }
  }

  expect_failures = [var.branch, var.environments, var.policies, var.repository]
}

run "rejects_names_as_ids" {
  command = plan

  module {
    source = "./modules/github_oidc"
  }

  variables {
    repository = { name = "example-org/landing-zone", ids = { owner = "example-org", repository = "1" } }
  }

  expect_failures = [var.repository]
}
