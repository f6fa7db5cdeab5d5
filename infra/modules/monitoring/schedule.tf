# Compares each endpoint by itself; without use cases there is no schedule.
resource "aws_scheduler_schedule" "this" {
  #checkov:skip=CKV_AWS_297:The input is the name of a use case; Scheduler encrypts it with a key of AWS.
  for_each = local.endpoints

  name                = "${each.value}-drift"
  description         = "Compares what ${each.value} received with the training of its model."
  schedule_expression = var.monitoring.schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.machine.arn
    role_arn = aws_iam_role.schedule.arn
    input    = jsonencode({ UseCase = each.key, Target = "prod" })

    retry_policy {
      maximum_event_age_in_seconds = 3600
      maximum_retry_attempts       = 3
    }
  }
}

data "aws_iam_policy_document" "schedule_assume" {
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

data "aws_iam_policy_document" "schedule" {
  statement {
    sid       = "StartDriftJob"
    actions   = ["states:StartExecution"]
    resources = [module.machine.arn]
  }
}

resource "aws_iam_role" "schedule" {
  name               = "${local.name}-schedule"
  description        = "Lets EventBridge Scheduler start ${local.name}."
  assume_role_policy = data.aws_iam_policy_document.schedule_assume.json
}

resource "aws_iam_role_policy" "schedule" {
  name   = "start"
  role   = aws_iam_role.schedule.id
  policy = data.aws_iam_policy_document.schedule.json
}
