locals {
  source_action = "Source"
  changed = {
    Variable = "#{Changes.INFRASTRUCTURE}"
    Value    = "changed"
    Operator = "EQ"
  }

  # What every build needs to know of its run.
  _run = {
    GIT_COMMIT            = "#{SourceVariables.CommitId}"
    PIPELINE_EXECUTION_ID = "#{codepipeline.PipelineExecutionId}"
  }

  # One CodeBuild action for each project: what it reads and writes, and the variables that it gets from others.
  _builds = {
    Changes = { project = "changes", inputs = ["Source"], outputs = [], environment = {} }
    Lint    = { project = "lint", inputs = ["Source"], outputs = [], environment = {} }
    Policy  = { project = "policy", inputs = ["Source"], outputs = [], environment = {} }
    Test    = { project = "test", inputs = ["Source"], outputs = [], environment = {} }
    Image   = { project = "image", inputs = ["Source"], outputs = [], environment = {} }
    Plan    = { project = "plan", inputs = ["Source"], outputs = ["SavedPlan"], environment = {} }
    Apply = {
      project     = "apply", inputs = ["Source", "SavedPlan"], outputs = []
      environment = { PLAN_SHA256 = "#{Plan.PLAN_SHA256}" }
    }
    Upload = {
      project     = "upload", inputs = ["Source"], outputs = []
      environment = { IMAGE_TAG = "#{Image.IMAGE_TAG}" }
    }
    Verify = { project = "verify", inputs = ["Source"], outputs = [], environment = {} }
  }

  build_actions = {
    for name, build in local._builds : name => {
      name      = name
      category  = "Build"
      provider  = "CodeBuild"
      inputs    = build.inputs
      outputs   = build.outputs
      namespace = name
      configuration = merge(
        {
          ProjectName = var.projects[build.project].name
          EnvironmentVariables = jsonencode([
            for key, value in merge(local._run, build.environment) : { name = key, value = value, type = "PLAINTEXT" }
          ])
        },
        length(build.inputs) > 1 ? { PrimarySource = "Source" } : {},
      )
    }
  }

  source = {
    name          = local.source_action
    category      = "Source"
    provider      = var.source_action.provider
    inputs        = []
    outputs       = ["Source"]
    namespace     = "SourceVariables"
    configuration = var.source_action.configuration
  }

  approval = {
    name      = "Approve"
    category  = "Approval"
    provider  = "Manual"
    inputs    = []
    outputs   = []
    namespace = null
    configuration = {
      NotificationArn = var.approval_topic_arn
      # At most 1000 characters, which the plan step sees to.
      CustomData         = "#{Plan.SUMMARY}"
      ExternalEntityLink = "https://${var.account.region}.console.aws.amazon.com/s3/object/${var.artifact_bucket.name}?prefix=plans/#{SourceVariables.CommitId}/summary.html"
    }
  }

  stages = [
    { name = "Source", only_with_changes = false, actions = [local.source] },
    {
      name              = "Check"
      only_with_changes = false
      actions           = [for name in ["Changes", "Lint", "Policy", "Test"] : local.build_actions[name]]
    },
    { name = "Image", only_with_changes = false, actions = [local.build_actions["Image"]] },
    { name = "Plan", only_with_changes = true, actions = [local.build_actions["Plan"]] },
    { name = "Approve", only_with_changes = true, actions = [local.approval] },
    { name = "Apply", only_with_changes = true, actions = [local.build_actions["Apply"]] },
    { name = "Upload", only_with_changes = false, actions = [local.build_actions["Upload"]] },
    { name = "Verify", only_with_changes = true, actions = [local.build_actions["Verify"]] },
  ]
}
