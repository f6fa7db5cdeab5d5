output "functions" {
  description = "Name and ARN of each function, keyed by create_schema and update_schema."
  value       = { for key, function in module.function : key => { name = function.name, arn = function.arn } }
}
