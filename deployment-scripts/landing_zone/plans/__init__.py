"""Terraform's plan as a JSON document: its summary, the rules in policy/, the drift, the cost.

Pure functions on what `terraform show -json` prints; nothing here starts Terraform or calls AWS, except
`prices`, which takes a client as an argument.
"""
