output "state_machine_arn" {
  description = "ARN of the state machine that compares an endpoint with its training."
  value       = module.machine.arn
}
