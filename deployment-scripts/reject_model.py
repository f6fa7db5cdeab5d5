"""Reject a version of the model registry; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
