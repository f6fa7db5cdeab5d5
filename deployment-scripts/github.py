"""Comments, commands and the reviewed plan, for the workflows of GitHub; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
