"""Print the settings of the pipeline in cicd/: value, origin, meaning, what is allowed.

    bash deployment-scripts/cicd-env.sh

They count beside the settings that env.sh prints. Every setting is an environment variable.
"""

from __future__ import annotations

import argparse
import os

from landing_zone.commands.env import table
from landing_zone.core.settings import Settings
from landing_zone.delivery.settings import CICD, load_cicd_settings


def run(_: argparse.Namespace, __: Settings) -> int:
    load_cicd_settings(os.environ)
    print(table(os.environ, CICD))
    return 0
