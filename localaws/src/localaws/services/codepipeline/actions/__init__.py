"""One file an action provider. action_types.py says what a definition may configure of it."""
