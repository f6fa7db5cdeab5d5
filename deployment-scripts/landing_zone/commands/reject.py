"""Reject what a run waits for. That fails the run; its stage can be retried.

    python deployment-scripts/reject.py ApproveModel --summary "too few rows"

Without --summary and --yes, the reason and a confirmation are asked for.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.approve import add_arguments, answer
from landing_zone.core.settings import Settings

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace, settings: Settings) -> int:
    return answer(args, settings, approved=False)
