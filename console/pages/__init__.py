"""The API: one module for each page."""
