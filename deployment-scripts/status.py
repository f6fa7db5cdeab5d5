"""Show a run as it goes, or the log of a job; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("status", "main")
