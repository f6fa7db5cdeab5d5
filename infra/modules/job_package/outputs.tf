output "function_name" {
  description = "Name of the function that starts a run for an upload."
  value       = module.function.name
}
