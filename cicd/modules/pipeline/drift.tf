# The build that looks for drift runs on a schedule, and tells the alarm topic when it fails: ci.py drift fails when it
# finds something.
locals {
  _drift_name     = "${var.prefix}-drift"
  _drift_projects = var.drift.schedule == null ? [] : [var.projects["drift"]]
}

resource "aws_scheduler_schedule" "drift" {
  count = length(local._drift_projects)

  name                         = local._drift_name
  description                  = "Looks for drift of what ${local.name} deploys."
  kms_key_arn                  = var.kms_key_arn
  schedule_expression          = var.drift.schedule
  schedule_expression_timezone = var.drift.time_zone

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = local._drift_projects[0].arn
    role_arn = aws_iam_role.drift[0].arn
    # Nothing of the build is overridden.
    input = jsonencode({})

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }

  depends_on = [aws_iam_role_policy.drift]
}

data "aws_iam_policy_document" "drift_assume" {
  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["scheduler.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

data "aws_iam_policy_document" "drift" {
  count = length(local._drift_projects)

  statement {
    sid       = "StartBuild"
    actions   = ["codebuild:StartBuild"]
    resources = local._drift_projects[*].arn
  }

  statement {
    # The schedule is encrypted.
    sid       = "ReadSchedule"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "drift" {
  count = length(local._drift_projects)

  name               = "${local._drift_name}-schedule"
  description        = "EventBridge Scheduler starts the build ${local._drift_projects[0].name} with it."
  assume_role_policy = data.aws_iam_policy_document.drift_assume.json
}

resource "aws_iam_role_policy" "drift" {
  count = length(local._drift_projects)

  name   = "schedule"
  role   = aws_iam_role.drift[0].id
  policy = data.aws_iam_policy_document.drift[0].json
}

resource "aws_cloudwatch_event_rule" "drift" {
  count = length(local._drift_projects)

  name        = local._drift_name
  description = "Reports drift, and builds that could not look for it."
  event_pattern = jsonencode({
    source      = ["aws.codebuild"]
    detail-type = ["CodeBuild Build State Change"]
    detail = {
      project-name = local._drift_projects[*].name
      build-status = [{ anything-but = ["IN_PROGRESS", "SUCCEEDED"] }]
    }
  })
}

resource "aws_cloudwatch_event_target" "drift" {
  count = length(local._drift_projects)

  rule      = aws_cloudwatch_event_rule.drift[0].name
  target_id = "alarm"
  arn       = var.alarm_topic_arn

  input_transformer {
    input_paths = {
      log    = "$.detail.additional-information.logs.deep-link"
      status = "$.detail.build-status"
    }
    # jsonencode would escape the angle brackets.
    input_template = "\"The step drift of ${var.prefix} has the status <status>. Its log says what differs, or why nothing could be compared: <log>\""
  }
}
