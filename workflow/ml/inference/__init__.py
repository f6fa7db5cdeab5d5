"""Requests for predictions, and their answers."""
