"""Task states that call an AWS service."""
