mock_provider "aws" {
  source = "./tests/mocks"
}

variables {
  account            = { id = "123456789012", partition = "aws", region = "eu-west-1" }
  alarm_topic_arn    = "arn:aws:sns:eu-west-1:123456789012:alarms"
  approval_topic_arn = "arn:aws:sns:eu-west-1:123456789012:approvals"
  artifact_bucket    = { name = "artifacts", arn = "arn:aws:s3:::artifacts" }
  branch             = "development"
  drift              = { schedule = "cron(17 4 ? * MON-FRI *)", time_zone = "Europe/Zurich" }
  ignored_paths      = ["docs/**"]
  kms_key_arn        = "arn:aws:kms:eu-west-1:123456789012:key/00000000-0000-0000-0000-000000000000"
  prefix             = "ml-core-development-cicd"
  projects = {
    for name in ["changes", "lint", "policy", "test", "image", "plan", "apply", "upload", "verify", "drift"] :
    name => { name = "cicd-${name}", arn = "arn:aws:codebuild:eu-west-1:123456789012:project/cicd-${name}" }
  }
  source_action = {
    provider      = "CodeStarSourceConnection"
    triggers      = true
    configuration = { BranchName = "development" }
    permissions = {
      actions   = ["codeconnections:UseConnection"]
      resources = ["arn:aws:codeconnections:eu-west-1:123456789012:connection/1"]
    }
  }
}

run "defaults" {
  command = apply

  module {
    source = "./modules/pipeline"
  }

  assert {
    condition     = [for stage in aws_codepipeline.this.stage : stage.name] == ["Source", "Check", "Image", "Plan", "Approve", "Apply", "Upload", "Verify"]
    error_message = "The stages come in this order."
  }

  assert {
    condition     = aws_codepipeline.this.pipeline_type == "V2" && aws_codepipeline.this.execution_mode == "QUEUED"
    error_message = "Commits are applied in the order in which they were pushed."
  }

  assert {
    condition     = [for stage in aws_codepipeline.this.stage : stage.name if length(stage.before_entry) == 1] == ["Plan", "Approve", "Apply", "Verify"]
    error_message = "What plans and applies is skipped when nothing of it has changed."
  }

  assert {
    condition = alltrue([
      for stage in aws_codepipeline.this.stage : alltrue([
        for entry in stage.before_entry : one(entry.condition).result == "SKIP" && one(one(entry.condition).rule).configuration.Variable == "#{Changes.INFRASTRUCTURE}"
      ])
    ])
    error_message = "A stage is skipped, not failed, by the result of the action Changes."
  }

  assert {
    condition     = one(one(one(one(aws_codepipeline.this.trigger).git_configuration).push).branches).includes == tolist(["development"])
    error_message = "A push to the branch starts a run."
  }

  assert {
    condition     = one(one(one(one(aws_codepipeline.this.trigger).git_configuration).push).file_paths).excludes == tolist(["docs/**"])
    error_message = "A push that changes ignored files only starts nothing."
  }

  assert {
    condition     = one(one([for stage in aws_codepipeline.this.stage : stage if stage.name == "Approve"]).action).configuration.CustomData == "#{Plan.SUMMARY}"
    error_message = "Whoever approves sees what the plan would do."
  }

  assert {
    condition     = strcontains(one(one([for stage in aws_codepipeline.this.stage : stage if stage.name == "Apply"]).action).configuration.EnvironmentVariables, "#{Plan.PLAN_SHA256}")
    error_message = "Apply gets the hash of the plan that was approved."
  }

  assert {
    condition     = toset([for action in one([for stage in aws_codepipeline.this.stage : stage if stage.name == "Check"]).action : action.run_order]) == toset([1])
    error_message = "The checks run at the same time."
  }

  assert {
    condition     = aws_cloudwatch_event_target.failed.arn == var.alarm_topic_arn && length(aws_cloudwatch_event_rule.push) == 0
    error_message = "A failed run is reported, and only CodeCommit needs an event rule to start."
  }

  assert {
    condition     = aws_scheduler_schedule.drift[0].kms_key_arn == var.kms_key_arn && one(aws_scheduler_schedule.drift[0].target).arn == var.projects["drift"].arn
    error_message = "An encrypted schedule starts the build that looks for drift."
  }

  assert {
    condition     = aws_cloudwatch_event_target.drift[0].arn == var.alarm_topic_arn && jsondecode(aws_cloudwatch_event_rule.drift[0].event_pattern).detail.project-name == ["cicd-drift"]
    error_message = "A build of this project that fails is reported."
  }

  assert {
    condition     = !contains(one([for s in data.aws_iam_policy_document.this.statement : s if s.sid == "Build"]).resources, var.projects["drift"].arn)
    error_message = "The pipeline starts the builds of its own actions only."
  }
}

run "codecommit" {
  command = apply

  module {
    source = "./modules/pipeline"
  }

  variables {
    source_action = {
      provider      = "CodeCommit"
      triggers      = false
      configuration = { BranchName = "development" }
      permissions = {
        actions   = ["codecommit:GetBranch"]
        resources = ["arn:aws:codecommit:eu-west-1:123456789012:landing-zone"]
      }
    }
  }

  assert {
    condition     = length(aws_codepipeline.this.trigger) == 0 && aws_cloudwatch_event_target.push[0].arn == aws_codepipeline.this.arn
    error_message = "An event of CodeCommit starts the pipeline."
  }

  assert {
    condition     = jsondecode(aws_cloudwatch_event_rule.push[0].event_pattern).detail.referenceName == ["development"]
    error_message = "Only the branch of the environment starts it."
  }
}

run "rejects_wrong_values" {
  command = plan

  module {
    source = "./modules/pipeline"
  }

  variables {
    account            = { id = "12", partition = "aws", region = "eu-west-1" }
    alarm_topic_arn    = "alarms"
    approval_topic_arn = "approvals"
    drift              = { schedule = "daily" }
    ignored_paths      = []
    kms_key_arn        = "alias/key"
    prefix             = "ML-Core"
    projects           = {}
  }

  expect_failures = [
    var.account,
    var.alarm_topic_arn,
    var.approval_topic_arn,
    var.drift,
    var.ignored_paths,
    var.kms_key_arn,
    var.prefix,
    var.projects,
  ]
}
