"""One module for each script: quick-deploy.sh is quick_deploy, status.py is status.

The docstring of a module is the script's --help. `add_arguments` adds its options, and `run` does the work
and returns the exit code. `core.cli` calls them.
"""
