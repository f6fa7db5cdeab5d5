"""Reject a version of the model registry, after looking at the evidence.

    USE_CASE=iris python deployment-scripts/reject_model.py --version 3 --reason "wrong labels in May"
    python deployment-scripts/reject_model.py --model-package-arn ARN --reason "..." --yes

Rejecting the version that production serves brings back the newest other Approved one: the machine `deploy`
starts and is followed. Who rejected and why is stored with the version.
"""

from __future__ import annotations

import argparse

from landing_zone.commands.approve_model import add_arguments, decide
from landing_zone.core.settings import Settings
from landing_zone.models.registry import REJECTED

__all__ = ["add_arguments", "run"]


def run(args: argparse.Namespace, settings: Settings) -> int:
    return decide(args, settings, REJECTED)
