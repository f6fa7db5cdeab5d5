"""The role that deploys, and its policies; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
