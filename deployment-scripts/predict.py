"""Predict rows with the inference API; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
