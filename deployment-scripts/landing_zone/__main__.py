"""Runs the command of a shell script: `python -m landing_zone quick-deploy.sh --help`."""

import sys

from landing_zone.core.cli import start

start(sys.argv.pop(1))
