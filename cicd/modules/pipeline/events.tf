# CodePipeline emits an event for a failed run. A rejected approval fails its run too.
resource "aws_cloudwatch_event_rule" "failed" {
  name        = "${local.name}-failed"
  description = "Reports failed runs of ${local.name}."
  event_pattern = jsonencode({
    source      = ["aws.codepipeline"]
    detail-type = ["CodePipeline Pipeline Execution State Change"]
    detail = {
      pipeline = [aws_codepipeline.this.name]
      state    = ["FAILED"]
    }
  })
}

resource "aws_cloudwatch_event_target" "failed" {
  rule      = aws_cloudwatch_event_rule.failed.name
  target_id = "alarm"
  # The topic's own policy allows EventBridge to publish.
  arn = var.alarm_topic_arn
}

# Git triggers exist for connections only. A push to CodeCommit is an event, which has no file names.
resource "aws_cloudwatch_event_rule" "push" {
  count = var.source_action.triggers ? 0 : 1

  name        = "${var.prefix}-push"
  description = "Starts ${local.name} when ${var.branch} changes."
  event_pattern = jsonencode({
    source      = ["aws.codecommit"]
    detail-type = ["CodeCommit Repository State Change"]
    resources   = var.source_action.permissions.resources
    detail = {
      event         = ["referenceCreated", "referenceUpdated"]
      referenceType = ["branch"]
      referenceName = [var.branch]
    }
  })
}

resource "aws_cloudwatch_event_target" "push" {
  count = var.source_action.triggers ? 0 : 1

  rule      = aws_cloudwatch_event_rule.push[0].name
  target_id = "pipeline"
  arn       = aws_codepipeline.this.arn
  role_arn  = aws_iam_role.push[0].arn
}

data "aws_iam_policy_document" "push_assume" {
  count = var.source_action.triggers ? 0 : 1

  statement {
    actions = ["sts:AssumeRole"]

    principals {
      type        = "Service"
      identifiers = ["events.amazonaws.com"]
    }

    condition {
      test     = "ArnEquals"
      variable = "aws:SourceArn"
      values   = [aws_cloudwatch_event_rule.push[0].arn]
    }
  }
}

data "aws_iam_policy_document" "push" {
  statement {
    sid       = "StartPipeline"
    actions   = ["codepipeline:StartPipelineExecution"]
    resources = [aws_codepipeline.this.arn]
  }
}

resource "aws_iam_role" "push" {
  count = var.source_action.triggers ? 0 : 1

  name               = "${var.prefix}-push"
  description        = "Lets EventBridge start ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.push_assume[0].json
}

resource "aws_iam_role_policy" "push" {
  count = var.source_action.triggers ? 0 : 1

  name   = "start"
  role   = aws_iam_role.push[0].id
  policy = data.aws_iam_policy_document.push.json
}
