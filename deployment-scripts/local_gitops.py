"""A push that deploys, on this machine: what `make local-gitops` calls; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
