"""Show how far the traffic of an endpoint is from the training of its model; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
