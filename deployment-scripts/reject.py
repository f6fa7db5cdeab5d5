"""Reject what a run waits for; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("approvals", "reject")
