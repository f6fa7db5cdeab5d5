# Deployments of earlier versions keep their state machines, roles and logs.
moved {
  from = aws_cloudwatch_log_group.this["inference"]
  to   = module.machine["inference"].aws_cloudwatch_log_group.this
}

moved {
  from = aws_cloudwatch_metric_alarm.failed["inference"]
  to   = module.machine["inference"].aws_cloudwatch_metric_alarm.failed
}

moved {
  from = aws_iam_role.machine["inference"]
  to   = module.machine["inference"].aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.machine["inference"]
  to   = module.machine["inference"].aws_iam_role_policy.this
}

moved {
  from = aws_sfn_state_machine.this["inference"]
  to   = module.machine["inference"].aws_sfn_state_machine.this
}

moved {
  from = aws_cloudwatch_log_group.this["training"]
  to   = module.machine["training"].aws_cloudwatch_log_group.this
}

moved {
  from = aws_cloudwatch_metric_alarm.failed["training"]
  to   = module.machine["training"].aws_cloudwatch_metric_alarm.failed
}

moved {
  from = aws_iam_role.machine["training"]
  to   = module.machine["training"].aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.machine["training"]
  to   = module.machine["training"].aws_iam_role_policy.this
}

moved {
  from = aws_sfn_state_machine.this["training"]
  to   = module.machine["training"].aws_sfn_state_machine.this
}
