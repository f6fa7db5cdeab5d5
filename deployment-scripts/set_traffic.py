"""Change how the traffic of an endpoint is divided between its variants; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
