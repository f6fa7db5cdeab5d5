"""One module per action provider. action_types.py says how a definition may configure it."""
