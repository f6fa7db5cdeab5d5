"""Approve a version of the model registry, after looking at the evidence; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
