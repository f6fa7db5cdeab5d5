output "alarm_topic_arn" {
  description = "ARN of the topic for alarms and failed runs."
  value       = aws_sns_topic.this["alarm"].arn

  # An alarm that is not allowed to publish yet would not be noticed.
  depends_on = [aws_sns_topic_policy.alarm]
}

output "approval_topic_arn" {
  description = "ARN of the topic for waiting approvals."
  value       = aws_sns_topic.this["approval"].arn
}
