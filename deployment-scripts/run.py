"""The main job: data, training, approval, endpoint or batch, predictions; --help says more."""

from landing_zone.cli import start

if __name__ == "__main__":
    start("main_job", "main")
