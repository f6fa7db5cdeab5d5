# Deployments of earlier versions keep their functions, roles and logs.
moved {
  from = aws_cloudwatch_log_group.this["create_schema"]
  to   = module.function["create_schema"].aws_cloudwatch_log_group.this
}

moved {
  from = aws_cloudwatch_log_group.this["update_schema"]
  to   = module.function["update_schema"].aws_cloudwatch_log_group.this
}

moved {
  from = aws_cloudwatch_metric_alarm.errors["create_schema"]
  to   = module.function["create_schema"].aws_cloudwatch_metric_alarm.errors
}

moved {
  from = aws_cloudwatch_metric_alarm.errors["update_schema"]
  to   = module.function["update_schema"].aws_cloudwatch_metric_alarm.errors
}

moved {
  from = aws_iam_role.this["create_schema"]
  to   = module.function["create_schema"].aws_iam_role.this
}

moved {
  from = aws_iam_role.this["update_schema"]
  to   = module.function["update_schema"].aws_iam_role.this
}

moved {
  from = aws_iam_role_policy.this["create_schema"]
  to   = module.function["create_schema"].aws_iam_role_policy.this
}

moved {
  from = aws_iam_role_policy.this["update_schema"]
  to   = module.function["update_schema"].aws_iam_role_policy.this
}

moved {
  from = aws_lambda_function.this["create_schema"]
  to   = module.function["create_schema"].aws_lambda_function.this
}

moved {
  from = aws_lambda_function.this["update_schema"]
  to   = module.function["update_schema"].aws_lambda_function.this
}
