"""Build a job package and upload it, which starts a run; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
