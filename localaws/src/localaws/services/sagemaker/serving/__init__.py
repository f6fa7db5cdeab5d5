"""A model that answers: its files, its process, and HTTP to it. Endpoints and transform jobs use it."""
