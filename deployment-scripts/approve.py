"""Approve what a run waits for, with the evidence in view; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("approvals", "approve")
