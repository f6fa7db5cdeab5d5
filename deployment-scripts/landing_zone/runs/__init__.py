"""Runs of the pipeline: read, shown, followed, answered; their data, their results, their resources."""
