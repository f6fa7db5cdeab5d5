"""How every command starts and ends."""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import os
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import NoReturn

from landing_zone.errors import OperatorError
from landing_zone.settings import ROOT, Settings, load_settings

Command = Callable[[argparse.Namespace, Settings], int]


def parser(doc: str | None) -> argparse.ArgumentParser:
    """A parser whose --help is the script's docstring."""
    return argparse.ArgumentParser(
        prog=command_name(),
        description=doc,
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def run_command(
    command: Command, arguments: argparse.ArgumentParser, argv: Sequence[str] | None = None
) -> int:
    """Parse, read the settings, run; turns what a person can mend into a message and exit code 1."""
    args = arguments.parse_args(argv)
    name = command_name()
    from botocore.exceptions import BotoCoreError, ClientError

    from landing_zone.aws import explain

    try:
        return command(args, load_settings(os.environ))
    except OperatorError as error:
        print(f"{name}: {error}", file=sys.stderr)
    except (BotoCoreError, ClientError) as error:
        print(f"{name}: {explain(error, os.environ)}", file=sys.stderr)
    except BrokenPipeError:  # `| head` has read enough; nothing more may be written, also at exit
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return 0
    except KeyboardInterrupt:
        print(f"\n{name}: interrupted; run it again to go on", file=sys.stderr)
        return 130
    return 1


def command_name() -> str:
    """What the person typed; the shell scripts say it in LZ_COMMAND."""
    return os.environ.get("LZ_COMMAND") or Path(sys.argv[0]).name


def start(module: str, function: str = "main") -> NoReturn:
    """What a script does: find a Python with boto3, then run the command."""
    use_project_python()
    main: Callable[[], int] = getattr(importlib.import_module(f"landing_zone.{module}"), function)
    sys.exit(main())


def use_project_python() -> None:
    """Go on in the project's own environment when this Python lacks a package that the scripts need."""
    missing = [name for name in ("boto3", "rich", "yaml") if importlib.util.find_spec(name) is None]
    if not missing:
        return
    own = ROOT / ".venv/bin/python"
    if own.exists() and Path(sys.prefix).resolve() != (ROOT / ".venv").resolve():
        os.execv(own, [str(own), *sys.argv])  # noqa: S606 - the same script, by another Python
    raise SystemExit(
        f"{command_name()}: {sys.executable} has no {', '.join(missing)}. Run `make venv` once: "
        "the scripts then find the project's own Python in .venv"
    )
