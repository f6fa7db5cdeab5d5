"""Compare the variants of an endpoint by their metrics; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
