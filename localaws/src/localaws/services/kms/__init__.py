"""KMS is moto's; what it lacks is in `signing`."""
