"""What endpoints receive, compared with the training of their models."""
