"""CloudWatch Logs: moto's records, with timestamps from the clock of localaws."""
