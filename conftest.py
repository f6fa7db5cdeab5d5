"""Loaded before every other conftest.py."""

# pytest derives the module name localaws.tests from the path of those tests. Unless the package is imported
# already, it then takes the directory localaws/ for it.
import localaws  # noqa: F401
