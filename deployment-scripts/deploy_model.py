"""Deploy the newest Approved version of a use case; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
