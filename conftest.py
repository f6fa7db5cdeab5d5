"""Loaded before every other conftest.py."""

import os

# pytest derives the module name localaws.tests from the path of those tests. Unless the package is imported
# already, it then takes the directory localaws/ for it.
import localaws  # noqa: F401

# The tests name the resources of ml-core; a team's repository has another service (config/settings.env).
os.environ["SERVICE"] = "ml-core"
