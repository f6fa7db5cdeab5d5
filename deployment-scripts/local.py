"""The main job on localaws, and its removal; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("local", "main")
