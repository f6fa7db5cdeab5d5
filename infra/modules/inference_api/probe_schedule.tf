data "aws_iam_policy_document" "scheduler_assume" {
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

data "aws_iam_policy_document" "scheduler" {
  statement {
    sid       = "CallProbe"
    actions   = ["lambda:InvokeFunction"]
    resources = module.probe[*].arn
  }

  statement {
    # The schedules are encrypted.
    sid       = "ReadSchedules"
    actions   = ["kms:Decrypt"]
    resources = [var.kms_key_arn]
  }
}

resource "aws_iam_role" "scheduler" {
  count = local._has_probe

  name               = "${local._probe_name}-schedule"
  description        = "EventBridge Scheduler calls the function ${local._probe_name} with it."
  assume_role_policy = data.aws_iam_policy_document.scheduler_assume.json
}

resource "aws_iam_role_policy" "scheduler" {
  count = local._has_probe

  name   = "schedule"
  role   = aws_iam_role.scheduler[0].id
  policy = data.aws_iam_policy_document.scheduler.json
}

resource "aws_scheduler_schedule" "probe" {
  for_each = local.probed

  name                = "${local._probe_name}-${each.key}"
  description         = "Probes the inference API with sample rows of ${each.key}."
  kms_key_arn         = var.kms_key_arn
  schedule_expression = var.probe.schedule

  flexible_time_window {
    mode = "OFF"
  }

  target {
    arn      = module.probe[0].arn
    role_arn = aws_iam_role.scheduler[0].arn
    input    = jsonencode({ rows = each.value, use_case = each.key })

    retry_policy {
      maximum_event_age_in_seconds = 60
      maximum_retry_attempts       = 0
    }
  }

  depends_on = [aws_iam_role_policy.scheduler]
}
