"""The container image of this checkout: built, pushed under its commit, described, signed, verified."""
