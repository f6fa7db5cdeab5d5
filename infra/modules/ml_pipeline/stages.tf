locals {
  kinds = {
    Approval      = { category = "Approval", provider = "Manual", version = "1" }
    Lambda        = { category = "Invoke", provider = "Lambda", version = "1" }
    S3            = { category = "Source", provider = "S3", version = "1" }
    StepFunctions = { category = "Invoke", provider = "StepFunctions", version = "1" }
  }

  variables = {
    EndpointType = "SageMakerEndpoint or Batch for this run; from-manifest uses the manifest's value."
    ImageTag     = "Tag of our own image, or prebuilt, for this run; from-manifest uses the manifest's value."
    UseCase      = "Use case of this run; from-manifest uses the manifest's value."
  }

  _run      = "#{codepipeline.PipelineExecutionId}"
  _location = "s3://${var.buckets.workflow.name}/${local._run}"
  _console  = "https://${var.account.region}.console.aws.amazon.com/s3/buckets/${var.buckets.workflow.name}?prefix=${local._run}"

  stages = [
    {
      name = "Source"
      actions = [{
        name = "UploadManifest", kind = "S3", namespace = "SourceVariables", input = null, output = "SourceArtifact"
        configuration = {
          S3Bucket    = var.buckets.source.name
          S3ObjectKey = local.manifest_key
          # A run for the evaluation of a pull request has a manifest of its own, which starts no other run.
          AllowOverrideForS3ObjectKey = "true"
          # trigger.tf starts the pipeline.
          PollForSourceChanges = "false"
        }
      }]
    },
    {
      name = "MachineLearningStage"
      actions = [
        {
          name = "InvokeCreateSchemaFunction", kind = "Lambda", namespace = "CreateSchema", input = "SourceArtifact", output = "TrainingManifest"
          configuration = {
            FunctionName = var.functions.create_schema.name
            UserParameters = jsonencode({
              RunId        = local._run
              UseCase      = "#{variables.UseCase}"
              EndpointType = "#{variables.EndpointType}"
              ImageTag     = "#{variables.ImageTag}"
            })
          }
        },
        {
          name = "UploadSourceData", kind = "Approval", namespace = null, input = null, output = null
          configuration = {
            NotificationArn    = var.approval_topic_arn
            ExternalEntityLink = "${local._console}/source/"
            CustomData         = "Please upload source data to begin ML workflow: CSV files to ${local._location}/source/"
          }
        },
        {
          name = "InvokeMLStepFunction", kind = "StepFunctions", namespace = null, input = "TrainingManifest", output = "TrainingResult"
          configuration = {
            StateMachineArn = var.state_machine_arns.training
            # A literal input may have at most 1000 characters.
            InputType = "FilePath"
            Input     = "manifest.json"
          }
        },
      ]
    },
    {
      name = "DeployDevStage"
      actions = [{
        # Does nothing where the use case has no dev endpoint, and for a batch.
        name = "InvokeDeployDev", kind = "StepFunctions", namespace = null, input = null, output = null
        configuration = {
          StateMachineArn = var.state_machine_arns.deploy
          InputType       = "Literal"
          Input = jsonencode({
            UseCase      = "#{CreateSchema.UseCase}"
            EndpointType = "#{CreateSchema.EndpointType}"
            Target       = "dev"
            RunId        = local._run
            Reason       = "Pipeline execution ${local._run}"
          })
        }
      }]
    },
    {
      name = "ApproveModelStage"
      actions = [{
        name = "ApproveModel", kind = "Approval", namespace = null, input = null, output = null
        configuration = {
          NotificationArn    = var.approval_topic_arn
          ExternalEntityLink = "${local._console}/evaluation/output/"
          CustomData         = "Approve the model for deployment? Metrics: ${local._location}/evaluation/output/evaluation.json, report.html beside it; the test of a dev endpoint: ${local._location}/deployment/dev.json"
        }
      }]
    },
    {
      name = "InferenceStage"
      actions = [
        {
          name = "InvokeUpdateSchemaFunction", kind = "Lambda", namespace = null, input = "TrainingResult", output = "InferenceManifest"
          configuration = {
            FunctionName   = var.functions.update_schema.name
            UserParameters = jsonencode({ RunId = local._run })
          }
        },
        {
          name = "UploadInferenceDataConfirmation", kind = "Approval", namespace = null, input = null, output = null
          configuration = {
            NotificationArn    = var.approval_topic_arn
            ExternalEntityLink = "${local._console}/inference/"
            CustomData         = "EndpointType Batch: upload the rows to predict to ${local._location}/inference/ first. SageMakerEndpoint: nothing to upload, approve to continue."
          }
        },
        {
          name = "InvokeMLStepFunctionInference", kind = "StepFunctions", namespace = null, input = "InferenceManifest", output = "InferenceResult"
          configuration = {
            StateMachineArn = var.state_machine_arns.inference
            InputType       = "FilePath"
            Input           = "manifest.json"
          }
        },
      ]
    },
  ]
}
