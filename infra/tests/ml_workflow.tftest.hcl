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
  log_kms_key_arn       = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix                = "ml-core-development"
}

run "defaults" {
  command = apply

  module {
    source = "./modules/ml_workflow"
  }

  assert {
    condition     = { for k, m in aws_sfn_state_machine.this : k => m.name } == { for k in ["deploy", "inference", "training"] : k => "ml-core-development-${k}" }
    error_message = "The state machines are named {prefix}-deploy, {prefix}-inference and {prefix}-training."
  }

  assert {
    condition     = alltrue([for arn in values(var.deployment_functions) : strcontains(aws_sfn_state_machine.this["deploy"].definition, arn)]) && one([for s in data.aws_iam_policy_document.deploy.statement : s.resources if s.sid == "CallFunctions"]) == toset(values(var.deployment_functions))
    error_message = "The machine deploy calls its functions, and no other."
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.this["inference"].definition, "arn:aws:states:eu-west-1:123456789012:stateMachine:ml-core-development-deploy")
    error_message = "The machine inference starts deploy."
  }

  assert {
    condition     = strcontains(aws_sfn_state_machine.this["training"].definition, aws_iam_role.sagemaker.arn)
    error_message = "The jobs run with the SageMaker role."
  }

  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.this : !strcontains(m.definition, "$${") && can(jsondecode(m.definition).StartAt)])
    error_message = "The definitions are JSON, with every value filled in."
  }

  assert {
    condition     = alltrue([for m in aws_sfn_state_machine.this : m.logging_configuration[0].level == "ALL" && m.logging_configuration[0].include_execution_data && m.tracing_configuration[0].enabled])
    error_message = "Executions are logged and traced."
  }

  assert {
    condition     = aws_sfn_state_machine.this["training"].role_arn == aws_iam_role.machine["training"].arn
    error_message = "Each machine has its own role."
  }

  assert {
    condition     = alltrue([for s in data.aws_iam_policy_document.training.statement : one(s.condition).variable == "iam:PassedToService" if contains(s.actions, "iam:PassRole")])
    error_message = "The training machine passes the role only to SageMaker."
  }

  assert {
    condition     = alltrue([for l in aws_cloudwatch_log_group.this : startswith(l.name, "/aws/vendedlogs/states/ml-core-development-") && l.kms_key_id == var.log_kms_key_arn])
    error_message = "Logs are encrypted."
  }

  assert {
    condition     = alltrue([for al in aws_cloudwatch_metric_alarm.failed : al.alarm_actions == toset([var.alarm_topic_arn])])
    error_message = "A failed execution triggers an alarm."
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
