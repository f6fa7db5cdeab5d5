output "functions" {
  description = "ARN of each function, keyed by plan_deployment and test_endpoint."
  value       = { for key, function in module.function : key => function.arn }
}
