"""The entry point of every script: finds its command, reads the settings, reports errors as messages."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, Settings, load_settings, with_defaults

Run = Callable[[argparse.Namespace, Settings], int]


def start(script: str) -> NoReturn:
    """Run the command of a script: landing_zone.commands.quick_deploy for quick-deploy.sh."""
    path = Path(script)
    use_project_python()
    try:
        command = importlib.import_module(f"landing_zone.commands.{path.stem.replace('-', '_')}")
    except ModuleNotFoundError as error:
        if (error.name or "").startswith("landing_zone"):
            raise
        sys.exit(
            f"{path.name}: {sys.executable} has no {error.name}. Run `make venv` once: the scripts "
            "then find the project's own Python in .venv"
        )
    arguments = parser(path.name, command.__doc__)
    if hasattr(command, "add_arguments"):
        command.add_arguments(arguments)
    sys.exit(run_command(command.run, arguments))


def use_project_python() -> None:
    """Continue in the project's own environment when this Python lacks a package that the scripts need."""
    needed = ("boto3", "rich", "yaml")
    own = ROOT / ".venv/bin/python"
    if (
        any(importlib.util.find_spec(name) is None for name in needed)
        and own.exists()
        and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve()
    ):
        # orig_argv has the script, or -m landing_zone, as it was called.
        os.execv(own, [str(own), *sys.orig_argv[1:]])  # noqa: S606 - the same command, another Python


def parser(script: str, doc: str | None) -> argparse.ArgumentParser:
    """A parser whose --help is the command's docstring."""
    return argparse.ArgumentParser(
        prog=script,
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def run_command(
    run: Run, arguments: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> int:
    """Parse, read the settings, run; turn an error that a person can correct into a message."""
    args = arguments.parse_args(argv)
    script = arguments.prog
    try:
        return run(args, load_settings(with_defaults(ROOT, os.environ)))
    except OperatorError as error:
        print(f"{script}: {error}", file=sys.stderr)
    except _aws_errors() as error:
        from landing_zone.core.aws import explain

        print(f"{script}: {explain(error, os.environ)}", file=sys.stderr)  # type: ignore[arg-type]
    except BrokenPipeError:
        # `| head` has read enough. Nothing more may be written, not even at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"\n{script}: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 1


def confirm(question: str) -> bool:
    """Ask a person; without a terminal the answer is no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def _aws_errors() -> tuple[type[Exception], ...]:
    """The errors of boto3; none where it is not installed, since env.sh runs without it."""
    try:
        from botocore.exceptions import BotoCoreError, ClientError
    except ModuleNotFoundError:
        return ()
    return BotoCoreError, ClientError
