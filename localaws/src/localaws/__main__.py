"""``python -m localaws start|stop|status|logs|run``: the embedded AWS as a command."""

from __future__ import annotations

import argparse
import json
import logging
import os
import signal
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
from pathlib import Path
from typing import Any

from localaws.core.clock import Clock

_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 20.0


def main(argv: list[str] | None = None) -> int:
    """Run one command; returns the exit code."""
    args = _parser().parse_args(argv)
    commands = {"start": start, "stop": stop, "status": status, "logs": logs, "run": run}
    return commands[args.command](args)


def start(args: argparse.Namespace) -> int:
    """Start a server in the background and wait until it answers."""
    running = _running(args.state_dir)
    if running:
        print(f"localaws already runs on {running['endpoint_url']} (pid {running['pid']})")
        return 0
    args.state_dir.mkdir(parents=True, exist_ok=True)
    log_file = _log_file(args.state_dir)
    with log_file.open("ab") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "localaws", "run", "--port", str(args.port), "--state-dir",
             str(args.state_dir), "--time-scale", str(args.time_scale)],
            stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
        )  # fmt: skip
    deadline = time.monotonic() + _START_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        running = _running(args.state_dir)
        if running and running["pid"] == process.pid:
            print(f"localaws runs on {running['endpoint_url']} (pid {process.pid}, log {log_file})")
            return 0
        if process.poll() is not None:
            break
        time.sleep(0.05)
    print(f"localaws did not start: exit code {process.poll()}. Last lines of {log_file}:")
    print("\n".join(log_file.read_text(errors="replace").splitlines()[-15:]))
    print(f"If port {args.port} is taken, choose another: --port, or LOCALAWS_PORT.")
    if process.poll() is None:
        process.kill()
    return 1


def stop(args: argparse.Namespace) -> int:
    """Stop the server; it ends every job, function and endpoint."""
    running = _running(args.state_dir)
    if not running:
        print("localaws does not run")
        return 0
    pid = running["pid"]
    os.kill(pid, signal.SIGTERM)
    deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
    while time.monotonic() < deadline:
        if not _exists(pid):
            print(f"localaws stopped (pid {pid})")
            return 0
        time.sleep(0.05)
    os.kill(pid, signal.SIGKILL)
    print(f"localaws (pid {pid}) did not stop in {_STOP_TIMEOUT_SECONDS:.0f} s and was killed")
    return 1


def status(args: argparse.Namespace) -> int:
    """Say whether the server runs; exit code 1 when it does not."""
    running = _running(args.state_dir)
    if not running:
        print("localaws does not run. Start it: python -m localaws start")
        return 1
    for name, value in running.items():
        print(f"{name:16} {value}")
    return 0


def logs(args: argparse.Namespace) -> int:
    """Print the server's own log."""
    log_file = _log_file(args.state_dir)
    if not log_file.exists():
        print(f"no log at {log_file}: localaws has not been started with this state directory")
        return 1
    with log_file.open(errors="replace") as log:
        print(log.read(), end="")
        while args.follow:
            line = log.readline()
            if line:
                print(line, end="", flush=True)
            else:
                time.sleep(0.2)
    return 0


def run(args: argparse.Namespace) -> int:
    """Run the server in the foreground until SIGTERM or Ctrl-C."""
    from localaws.server import Server

    logging.basicConfig(
        level=os.environ.get("LOCALAWS_LOG_LEVEL", "INFO").upper(),
        format="%(asctime)s %(levelname)-7s %(name)s: %(message)s",
    )
    logging.getLogger("botocore").setLevel(logging.WARNING)
    server = Server(args.port, args.state_dir.resolve(), Clock(args.time_scale))
    record = {"pid": os.getpid(), "endpoint_url": server.endpoint_url}
    _record_file(args.state_dir).write_text(json.dumps(record))
    thread = threading.Thread(target=server.serve_forever, name="server", daemon=True)
    stopping = threading.Event()
    for signum in (signal.SIGTERM, signal.SIGINT):
        signal.signal(signum, lambda *_: stopping.set())
    thread.start()
    # Wakes up now and then: if the serving thread died, so must the process.
    while not stopping.wait(1.0) and thread.is_alive():
        pass
    failed = not thread.is_alive()
    if not failed:
        server.shutdown()
    _record_file(args.state_dir).unlink(missing_ok=True)
    return 1 if failed else 0


def _record_file(state_dir: Path) -> Path:
    return state_dir / "localaws.json"


def _log_file(state_dir: Path) -> Path:
    return state_dir / "localaws.log"


def _running(state_dir: Path) -> dict[str, Any] | None:
    """What the server of this state directory says of itself, or None when there is none."""
    try:
        record = json.loads(_record_file(state_dir).read_text())
        url = f"{record['endpoint_url']}/_localaws/health"
        with urllib.request.urlopen(url, timeout=5) as answer:  # noqa: S310 - our own record
            health: dict[str, Any] = json.load(answer)
    except (OSError, ValueError, KeyError, urllib.error.URLError):
        return None
    # Another server may have taken the port of one that was killed.
    return health if health["pid"] == record["pid"] else None


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # A zombie has ended; its parent just has not asked yet.
    return not (state.exists() and ") Z " in state.read_text())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m localaws", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, function in (
        ("start", start),
        ("stop", stop),
        ("status", status),
        ("logs", logs),
        ("run", run),
    ):
        text = (function.__doc__ or "").strip()
        command = commands.add_parser(name, help=text, description=text)
        command.add_argument(
            "--state-dir", type=Path,
            default=Path(os.environ.get("LOCALAWS_STATE_DIR", ".localaws")),
            help="its log, record and scratch files (default: LOCALAWS_STATE_DIR, or .localaws)",
        )  # fmt: skip
        if name in {"start", "run"}:
            command.add_argument(
                "--port", type=int, default=int(os.environ.get("LOCALAWS_PORT", "4566")),
                help="TCP port on 127.0.0.1, 0 for a free one (default: LOCALAWS_PORT, or 4566)",
            )  # fmt: skip
            command.add_argument(
                "--time-scale", type=float,
                default=float(os.environ.get("LOCALAWS_TIME_SCALE", "1.0")),
                help="emulated seconds per real second (default: LOCALAWS_TIME_SCALE, or 1.0)",
            )  # fmt: skip
        if name == "logs":
            command.add_argument("-f", "--follow", action="store_true", help="wait for more lines")
    return parser


if __name__ == "__main__":
    sys.exit(main())
