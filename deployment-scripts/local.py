"""The main job on localaws, and its removal; --help says more."""

from landing_zone.core.cli import start

if __name__ == "__main__":
    start(__file__)
