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
