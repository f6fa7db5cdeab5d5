"""Run the failed action of a run again; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("starts", "retry")
