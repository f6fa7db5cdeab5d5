"""The model registry and what became of its versions: decisions, deployments, traffic, history."""
