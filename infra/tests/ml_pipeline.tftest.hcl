mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account            = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn    = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-alarms"
  approval_topic_arn = "arn:aws:sns:eu-west-1:123456789012:ml-core-development-approvals"
  buckets = {
    artifact = { name = "ml-core-development-123456789012-artifact-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-artifact-bucket" }
    source   = { name = "ml-core-development-123456789012-source-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-source-bucket" }
    workflow = { name = "ml-core-development-123456789012-workflow-bucket", arn = "arn:aws:s3:::ml-core-development-123456789012-workflow-bucket" }
  }
  functions = {
    create_schema = { name = "create", arn = "arn:aws:lambda:eu-west-1:123456789012:function:create" }
    update_schema = { name = "update", arn = "arn:aws:lambda:eu-west-1:123456789012:function:update" }
  }
  kms_key_arn = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix      = "ml-core-development"
  state_machine_arns = {
    deploy    = "arn:aws:states:eu-west-1:123456789012:stateMachine:deploy"
    inference = "arn:aws:states:eu-west-1:123456789012:stateMachine:inference"
    training  = "arn:aws:states:eu-west-1:123456789012:stateMachine:training"
  }
}

run "defaults" {
  command = apply

  module {
    source = "./modules/ml_pipeline"
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2" && aws_codepipeline.this.execution_mode == "QUEUED"
    error_message = "Runs finish in the order in which they started."
  }

  assert {
    condition     = aws_codepipeline.this.artifact_store != null && one(aws_codepipeline.this.artifact_store).location == var.buckets.artifact.name && one(one(aws_codepipeline.this.artifact_store).encryption_key).id == var.kms_key_arn
    error_message = "Artifacts are encrypted with our key."
  }

  assert {
    condition     = { for v in aws_codepipeline.this.variable : v.name => v.default_value } == { EndpointType = "from-manifest", ImageTag = "from-manifest", UseCase = "from-manifest" }
    error_message = "A run may override the use case, the endpoint type and the image; by default the manifest decides."
  }

  assert {
    condition     = [for s in aws_codepipeline.this.stage : s.name] == ["Source", "MachineLearningStage", "DeployDevStage", "ApproveModelStage", "InferenceStage"]
    error_message = "The stages come in this order."
  }

  assert {
    condition     = [for s in aws_codepipeline.this.stage : [for x in s.action : "${x.name} ${x.provider} ${x.run_order}"]] == [["UploadManifest S3 1"], ["InvokeCreateSchemaFunction Lambda 1", "UploadSourceData Manual 2", "InvokeMLStepFunction StepFunctions 3"], ["InvokeDeployDev StepFunctions 1"], ["ApproveModel Manual 1"], ["InvokeUpdateSchemaFunction Lambda 1", "UploadInferenceDataConfirmation Manual 2", "InvokeMLStepFunctionInference StepFunctions 3"]]
    error_message = "The actions come in this order."
  }

  assert {
    condition     = flatten([for s in aws_codepipeline.this.stage : [for x in s.action : "${join(",", coalesce(x.input_artifacts, []))}>${join(",", coalesce(x.output_artifacts, []))}" if x.provider != "Manual"]]) == [">SourceArtifact", "SourceArtifact>TrainingManifest", "TrainingManifest>TrainingResult", ">", "TrainingResult>InferenceManifest", "InferenceManifest>InferenceResult"]
    error_message = "Each action passes its artifact to the next."
  }

  assert {
    condition     = aws_codepipeline.this.stage[0].action[0].configuration["S3ObjectKey"] == "config/manifest.json" && aws_codepipeline.this.stage[0].action[0].configuration["PollForSourceChanges"] == "false" && aws_codepipeline.this.stage[0].action[0].configuration["S3Bucket"] == var.buckets.source.name
    error_message = "The manifest is the source; an event starts the run, not a poll."
  }

  assert {
    condition     = jsondecode(aws_codepipeline.this.stage[1].action[0].configuration["UserParameters"]) == { RunId = "#{codepipeline.PipelineExecutionId}", UseCase = "#{variables.UseCase}", EndpointType = "#{variables.EndpointType}", ImageTag = "#{variables.ImageTag}" }
    error_message = "create_schema receives the run id and the overrides."
  }

  assert {
    condition     = aws_codepipeline.this.stage[1].action[0].configuration["FunctionName"] == "create" && aws_codepipeline.this.stage[4].action[0].configuration["FunctionName"] == "update"
    error_message = "Each function is called in its stage."
  }

  assert {
    condition     = aws_codepipeline.this.stage[1].action[2].configuration["StateMachineArn"] == var.state_machine_arns.training && aws_codepipeline.this.stage[4].action[2].configuration["StateMachineArn"] == var.state_machine_arns.inference
    error_message = "Each state machine runs in its stage."
  }

  assert {
    condition     = alltrue(flatten([for s in aws_codepipeline.this.stage : [for x in s.action : x.configuration["InputType"] == "FilePath" && x.configuration["Input"] == "manifest.json" if x.provider == "StepFunctions" && x.name != "InvokeDeployDev"]]))
    error_message = "A state machine reads the manifest from its input artifact."
  }

  assert {
    condition     = aws_codepipeline.this.stage[2].action[0].configuration["StateMachineArn"] == var.state_machine_arns.deploy && jsondecode(aws_codepipeline.this.stage[2].action[0].configuration["Input"]).Target == "dev" && jsondecode(aws_codepipeline.this.stage[2].action[0].configuration["Input"]).RunId == "#{codepipeline.PipelineExecutionId}"
    error_message = "The version of the run goes to the dev endpoint before a person is asked."
  }

  assert {
    condition     = length(flatten([for s in aws_codepipeline.this.stage : [for x in s.action : x.name if x.provider == "Manual" && try(x.configuration["NotificationArn"] == var.approval_topic_arn && length(x.configuration["CustomData"]) > 0, false)]])) == 3
    error_message = "All three approvals tell the approvers what to do."
  }

  assert {
    condition     = alltrue(flatten([for s in aws_codepipeline.this.stage : [for x in s.action : [for value in values(x.configuration) : length(value) <= 1000]]]))
    error_message = "CodePipeline accepts at most 1000 characters per setting."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.manifest.event_pattern) == { source = ["aws.s3"], "detail-type" = ["Object Created"], detail = { bucket = { name = [var.buckets.source.name] }, object = { key = ["config/manifest.json"] } } }
    error_message = "A new manifest, and nothing else, starts a run."
  }

  assert {
    condition     = aws_cloudwatch_event_target.pipeline.arn == aws_codepipeline.this.arn && aws_cloudwatch_event_target.pipeline.role_arn == aws_iam_role.trigger.arn
    error_message = "The rule starts the pipeline with a role of its own."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed.arn == var.alarm_topic_arn && jsondecode(aws_cloudwatch_event_rule.failed.event_pattern).detail.state == ["FAILED"]
    error_message = "A failed run is reported."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/ml_pipeline"
  }

  variables {
    account            = { id = "1234", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn    = "alarms"
    approval_topic_arn = "approvals"
    kms_key_arn        = "alias/ml-core-development"
    prefix             = "ML-Core-Development"
    state_machine_arns = { deploy = "deploy", inference = "inference", training = "training" }
  }

  expect_failures = [
    var.account,
    var.alarm_topic_arn,
    var.approval_topic_arn,
    var.kms_key_arn,
    var.prefix,
    var.state_machine_arns,
  ]
}
