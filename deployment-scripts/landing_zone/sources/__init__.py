"""This checkout: what is in it, the packages built from it, and their upload."""
