locals {
  topics = {
    alarm    = "${var.prefix}-alarms"
    approval = "${var.prefix}-approvals"
  }
  _subscriptions = flatten([
    for topic, addresses in var.emails : [for address in addresses : { topic = topic, address = address }]
  ])
  subscriptions = { for item in local._subscriptions : "${item.topic}/${item.address}" => item }
}

resource "aws_sns_topic" "this" {
  for_each = local.topics

  name              = each.value
  kms_master_key_id = var.kms_key_arn
}

resource "aws_sns_topic_subscription" "email" {
  for_each = local.subscriptions

  topic_arn = aws_sns_topic.this[each.value.topic].arn
  protocol  = "email"
  endpoint  = each.value.address
}

# The pipeline's role may publish approvals by its own policy; alarms, budgets and event rules publish as services.
data "aws_iam_policy_document" "alarm" {
  statement {
    sid       = "AlarmsAndEventsOfThisAccountPublish"
    actions   = ["sns:Publish"]
    resources = [aws_sns_topic.this["alarm"].arn]

    principals {
      type        = "Service"
      identifiers = ["budgets.amazonaws.com", "cloudwatch.amazonaws.com", "events.amazonaws.com"]
    }

    condition {
      test     = "StringEquals"
      variable = "aws:SourceAccount"
      values   = [var.account.id]
    }
  }
}

resource "aws_sns_topic_policy" "alarm" {
  arn    = aws_sns_topic.this["alarm"].arn
  policy = data.aws_iam_policy_document.alarm.json
}
