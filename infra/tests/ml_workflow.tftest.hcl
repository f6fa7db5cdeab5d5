mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account         = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  buckets = {
    source   = { name = "ml-core-development-123456789012-source-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-source-bucket" }
    workflow = { name = "ml-core-development-123456789012-workflow-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-workflow-bucket" }
  }
  definition_dir = "../workflow/state_machines"
  deployment_functions = {
    plan_deployment = "arn:aws:lambda:eu-west-1:123456789012:function:ml-core-development-plan-deployment"
    test_endpoint   = "arn:aws:lambda:eu-west-1:123456789012:function:ml-core-development-test-endpoint"
  }
  image_repository_arns = ["arn:aws:ecr:eu-west-1:141502667606:repository/sagemaker-scikit-learn"]
  kms_key_arn           = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  logs                  = { kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/11111111-1111-1111-1111-111111111111", retention_days = 30 }
  prefix                = "ml-core-development"
}

run "defaults" {
  command = apply

  module {
    source = "./modules/ml_workflow"
  }

  assert {
    condition     = keys(output.state_machine_arns) == ["deploy", "inference", "training"]
    error_message = "There are three state machines."
  }

  assert {
    condition     = alltrue([for arn in values(var.deployment_functions) : strcontains(local.definitions.deploy, arn)]) && one([for s in data.aws_iam_policy_document.deploy.statement : s.resources if s.sid == "CallFunctions"]) == toset(values(var.deployment_functions))
    error_message = "The machine deploy calls its functions, and no other."
  }

  assert {
    condition     = strcontains(local.definitions.inference, "arn:aws:states:eu-west-1:123456789012:stateMachine:ml-core-development-deploy")
    error_message = "The machine inference starts deploy."
  }

  assert {
    condition     = strcontains(local.definitions.training, aws_iam_role.sagemaker.arn)
    error_message = "The jobs run with the SageMaker role."
  }

  assert {
    condition     = alltrue([for definition in values(local.definitions) : !strcontains(definition, "$${") && can(jsondecode(definition).StartAt)])
    error_message = "The definitions are JSON, with every value filled in."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.training.statement : one(s.condition).variable == "iam:PassedToService" if contains(s.actions, "iam:PassRole")])
    error_message = "The training machine passes the role only to SageMaker."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/ml_workflow"
  }

  variables {
    account               = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn       = "alarms"
    deployment_functions  = { plan_deployment = "plan", test_endpoint = "test" }
    image_repository_arns = ["arn:aws:ecr:eu-west-1:123456789012:repository/*"]
    kms_key_arn           = "alias/ml-core-development"
    prefix                = "ML-Core-Development"
  }

  expect_failures = [
    var.account,
    var.alarm_topic_arn,
    var.deployment_functions,
    var.image_repository_arns,
    var.kms_key_arn,
    var.prefix,
  ]
}
