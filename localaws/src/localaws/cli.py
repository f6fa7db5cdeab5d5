"""The command ``localaws``: its arguments, and what each command prints."""

from __future__ import annotations

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path

from localaws import options
from localaws.core.access import SettingError
from localaws.daemon import Daemon, DaemonError
from localaws.services.git import cli as git
from localaws.services.git.client import GitControlError
from localaws.services.iam import cli as iam
from localaws.services.iam.cli import IamControlError
from localaws.services.iam.prove import ProofError
from localaws.services.sagemaker.images.settings import ImageSettingError


def main(argv: list[str] | None = None) -> int:
    """Run one command.

    Args:
        argv: the arguments; those of this process when None.

    Returns:
        The exit code: 0, 1 where a command could not do its work or no server runs, 2 for wrong arguments.
    """
    args = _parser().parse_args(argv)
    try:
        return _COMMANDS[args.command].run(args)
    except (ImageSettingError, SettingError) as error:
        print(f"localaws {args.command}: {error}", file=sys.stderr)
        return 2
    except (DaemonError, GitControlError, IamControlError, ProofError) as error:
        print(f"localaws {args.command}: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130  # as a shell reports SIGINT


def _start(args: argparse.Namespace) -> int:
    daemon = Daemon(args.state_dir)
    running = daemon.status()
    if running:
        print(f"localaws already runs on {running['endpoint_url']} (pid {running['pid']})")
        return 0
    running = daemon.start(options.from_arguments(args))
    place = f"pid {running['pid']}, log {daemon.log_file}"
    print(f"localaws runs on {running['endpoint_url']} ({place})")
    return 0


def _stop(args: argparse.Namespace) -> int:
    pid = Daemon(args.state_dir).stop()
    print("localaws does not run" if pid is None else f"localaws stopped (pid {pid})")
    return 0


def _status(args: argparse.Namespace) -> int:
    daemon = Daemon(args.state_dir)
    running = daemon.status()
    if args.json:
        stopped = {"status": "stopped", "state_dir": str(daemon.state_dir)}
        print(json.dumps(running or stopped))
    elif running:
        for name, value in running.items():
            print(f"{name:16} {value}")
    else:
        print(f"localaws does not run with the state directory {daemon.state_dir}.")
        print("Start it: localaws start")
    return 0 if running else 1


def _logs(args: argparse.Namespace) -> int:
    log_file = Daemon(args.state_dir).log_file
    if not log_file.exists():
        raise DaemonError(
            f"there is no log at {log_file}: localaws has not been started with this state directory."
            " Name another one with --state-dir or LOCALAWS_STATE_DIR, or run localaws start."
        )
    with log_file.open(errors="replace") as log:
        print(log.read(), end="")
        while args.follow:
            line = log.readline()
            if line:
                print(line, end="", flush=True)
            else:
                time.sleep(0.2)
    return 0


def _run(args: argparse.Namespace) -> int:
    return Daemon(args.state_dir).serve(options.from_arguments(args))


def _clean(args: argparse.Namespace) -> int:
    daemon = Daemon(args.state_dir)
    removed = daemon.clean()
    if removed:
        print(f"removed {', '.join(removed)} from {daemon.state_dir}")
    else:
        print(f"nothing to remove in {daemon.state_dir}")
    return 0


def _connect(args: argparse.Namespace) -> int:
    print("\n".join(git.run_connect(args, _endpoint_url(args.state_dir))))
    return 0


def _pr(args: argparse.Namespace) -> int:
    print("\n".join(git.run_pr(args, _endpoint_url(args.state_dir))))
    return 0


def _iam(args: argparse.Namespace) -> int:
    for line in iam.run_iam(args, lambda: _endpoint_url(args.state_dir)):
        print(line)
    return 0


def _endpoint_url(state_dir: Path) -> str:
    running = Daemon(state_dir).status()
    if not running:
        raise DaemonError(
            f"no server runs with the state directory {state_dir}. Start one with localaws start, or name"
            " another directory with --state-dir or LOCALAWS_STATE_DIR."
        )
    return str(running["endpoint_url"])


@dataclass(frozen=True)
class _Command:
    run: Callable[[argparse.Namespace], int]
    summary: str
    description: str


_COMMANDS = {
    "start": _Command(
        _start,
        "start a server in the background",
        "Start a server in the background and wait until it answers. Prints its address. Does nothing"
        " where a server with this state directory runs already.",
    ),
    "stop": _Command(
        _stop,
        "stop the server",
        "Stop the server, and with it every job, function and endpoint. Its state is in memory and is"
        " lost; its log stays.",
    ),
    "status": _Command(
        _status,
        "say whether the server runs, and where",
        "Print the address, process id and uptime of the server. The exit code is 1 where none runs.",
    ),
    "logs": _Command(_logs, "print the server's log", "Print the server's own log."),
    "run": _Command(
        _run,
        "run a server in the foreground",
        "Run a server in the foreground until Ctrl-C or SIGTERM. It logs to standard error.",
    ),
    "clean": _Command(
        _clean,
        "remove the files of a stopped server",
        "Remove the files that a stopped server left in its state directory, and the directory itself"
        " if it is empty then. Refuses while the server runs.",
    ),
    "connect": _Command(_connect, "give a connection access to a repository", git.CONNECT_HELP),
    "iam": _Command(_iam, "report which permissions were used, denied and not used", iam.HELP),
    "pr": _Command(_pr, "open, change, merge, close and list pull requests", git.PR_HELP),
}


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="localaws",
        description="AWS in one process on 127.0.0.1. `localaws COMMAND --help` describes a command.",
    )
    parser.add_argument("--version", action="version", version=f"localaws {version('localaws')}")
    commands = parser.add_subparsers(dest="command", required=True, metavar="COMMAND")
    for name, command in _COMMANDS.items():
        arguments = commands.add_parser(name, help=command.summary, description=command.description)
        if name in {"iam", "pr"}:
            (iam.add_iam if name == "iam" else git.add_pr)(arguments, _add_state_dir)
            continue
        _add_state_dir(arguments)
        if name in {"start", "run"}:
            options.add_to(arguments)
        if name == "connect":
            git.add_connect(arguments)
        if name == "status":
            arguments.add_argument("--json", action="store_true", help="print one JSON object")
        if name == "logs":
            arguments.add_argument(
                "-f", "--follow", action="store_true", help="wait for more lines until Ctrl-C"
            )
    return parser


def _add_state_dir(arguments: argparse.ArgumentParser) -> None:
    arguments.add_argument(
        "--state-dir", type=_state_dir, metavar="DIRECTORY",
        default=os.environ.get("LOCALAWS_STATE_DIR") or ".localaws",
        help="directory of the server's log, record and scratch files; each server needs its own"
        " (default: LOCALAWS_STATE_DIR, or .localaws)",
    )  # fmt: skip


def _state_dir(text: str) -> Path:
    path = Path(text).absolute()
    if not text or (path.exists() and not path.is_dir()):
        raise argparse.ArgumentTypeError(
            f"{text!r} (of --state-dir or LOCALAWS_STATE_DIR) is not a directory;"
            " name a directory, or a path that does not exist yet"
        )
    return path
