"""The Terraform stack and its state: deployed, destroyed, emptied."""
