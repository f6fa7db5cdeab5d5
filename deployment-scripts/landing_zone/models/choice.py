"""The version that a command is about: by ARN, or by use case and number."""

from __future__ import annotations

import argparse
import sys
from typing import Any

from landing_zone.core.cli import confirm
from landing_zone.core.errors import OperatorError
from landing_zone.models.registry import Registry, Version


def add_version_options(parser: argparse.ArgumentParser) -> None:
    chosen = parser.add_mutually_exclusive_group(required=True)
    chosen.add_argument("--model-package-arn", default="", help="the version, by its ARN")
    chosen.add_argument(
        "--version", type=int, help="the version, by its number in the group of USE_CASE"
    )


def choose_version(args: argparse.Namespace, registry: Registry, use_case: str) -> Version:
    """The version that the options name."""
    if args.model_package_arn:
        return registry.describe(args.model_package_arn)
    return registry.find(use_case, args.version)


def add_decision_options(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--reason", default="", help="stored with the version; asked for when left out"
    )
    parser.add_argument("--yes", action="store_true", help="do it without asking; needs --reason")


def reason_for(args: argparse.Namespace, question: str) -> str:
    """The reason and the confirmation, from the options or from the person at the terminal."""
    if args.yes:
        if not args.reason:
            raise OperatorError("--yes needs --reason: it is stored with the version")
        return str(args.reason)
    if not sys.stdin.isatty():
        raise OperatorError(
            "there is no terminal to ask on: pass --yes, and --reason with the reason"
        )
    reason = args.reason or input("The reason: ").strip()
    if not reason:
        raise OperatorError("nothing was done: the decision needs a reason")
    if not confirm(question):
        raise OperatorError("nothing was done")
    return str(reason)


def caller_arn(sts: Any) -> str:
    """Who is signed in."""
    return str(sts.get_caller_identity()["Arn"])
