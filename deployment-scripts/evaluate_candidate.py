"""Train the model of a pull request and compare it with the live one; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
