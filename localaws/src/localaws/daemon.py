"""The server as a process: started, found, stopped and cleaned up by its state directory."""

from __future__ import annotations

import http.client
import json
import logging
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
import urllib.request
from importlib.metadata import version
from pathlib import Path
from typing import Any

from localaws.core.clock import Clock
from localaws.options import ServerOptions

_START_TIMEOUT_SECONDS = 60.0
_STOP_TIMEOUT_SECONDS = 20.0
_LAST_LINES = 15
# What a server with an HTTPS port says besides.
_HTTPS_KEYS = ("https_endpoint_url", "certificate")


class DaemonError(Exception):
    """A command could not do its work; the text says why and what to do."""


class Daemon:
    """The server of one state directory, whether it runs or not.

    Args:
        state_dir: the directory. It is made when a server starts.
    """

    def __init__(self, state_dir: Path) -> None:
        self.state_dir = state_dir.absolute()
        self.log_file = self.state_dir / "localaws.log"
        # Process id, address and version of the server, written by the server itself.
        self._record_file = self.state_dir / "localaws.json"
        self._work_dir = self.state_dir / "work"
        self._tls_dir = self.state_dir / "tls"

    def status(self) -> dict[str, Any] | None:
        """What the running server says of itself, or None where none runs."""
        # No proxy of the environment: it would be asked for 127.0.0.1 too.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        try:
            record = json.loads(self._record_file.read_text())
            with opener.open(f"{record['endpoint_url']}/_localaws/health", timeout=5) as answer:
                health: dict[str, Any] = json.load(answer)
            # Another server may have taken the port of one that was killed.
            if health["pid"] != record["pid"]:
                return None
            return {
                "status": health["status"],
                "pid": health["pid"],
                "endpoint_url": health["endpoint_url"],
                "state_dir": str(self.state_dir),
                "account_id": health["account_id"],
                "version": record["version"],
                "uptime_seconds": health["uptime_seconds"],
                "child_processes": health["child_processes"],
                **{key: health[key] for key in _HTTPS_KEYS if key in health},
            }
        except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
            return None

    def start(self, options: ServerOptions) -> dict[str, Any]:
        """Start a server in the background, wait until it answers and return its :meth:`status`."""
        self._make_state_dir()
        # -P: a file in the current directory must not stand in for a module of the same name.
        command = [
            sys.executable,
            "-P",
            "-m",
            "localaws",
            "run",
            "--state-dir",
            str(self.state_dir),
        ]
        with self.log_file.open("ab") as log:
            process = subprocess.Popen(
                [*command, *options.arguments()], env={**os.environ, **options.environment()},
                stdin=subprocess.DEVNULL, stdout=log, stderr=log, start_new_session=True,
            )  # fmt: skip
        deadline = time.monotonic() + _START_TIMEOUT_SECONDS
        while time.monotonic() < deadline and process.poll() is None:
            running = self.status()
            if running and running["pid"] == process.pid:
                return running
            time.sleep(0.05)
        code = process.poll()
        if code is None:
            process.kill()
        reason = (
            f"exit code {code}"
            if code is not None
            else f"no answer in {_START_TIMEOUT_SECONDS:.0f} s"
        )
        lines = self.log_file.read_text(errors="replace").splitlines()[-_LAST_LINES:]
        raise DaemonError(
            f"the server did not start: {reason}. Last lines of {self.log_file}:\n"
            + "\n".join(lines)
            + f"\nIf port {options.port} is taken, choose another one with --port or LOCALAWS_PORT."
        )

    def stop(self) -> int | None:
        """Stop the server, which ends every job, function and endpoint.

        Returns:
            Its process id, or None where none ran.
        """
        running = self.status()
        if not running:
            return None
        pid: int = running["pid"]
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + _STOP_TIMEOUT_SECONDS
        while time.monotonic() < deadline:
            if not _exists(pid):
                return pid
            time.sleep(0.05)
        os.kill(pid, signal.SIGKILL)
        raise DaemonError(
            f"the server (pid {pid}) did not stop in {_STOP_TIMEOUT_SECONDS:.0f} s and was killed."
            f" Its last lines are in {self.log_file}."
        )

    def clean(self) -> list[str]:
        """Remove what a stopped server left, and the directory if it is empty then.

        Returns:
            The names of what was removed.
        """
        self._refuse_while_running("so its files stay. Stop it first: localaws stop")
        removed = []
        for path in (self._record_file, self.log_file, self._work_dir, self._tls_dir):
            if path.is_dir():
                shutil.rmtree(path)
            elif path.exists():
                path.unlink()
            else:
                continue
            removed.append(path.name)
        # The directory is the user's choice and may hold other files.
        if self.state_dir.is_dir() and not any(self.state_dir.iterdir()):
            self.state_dir.rmdir()
        return removed

    def serve(self, options: ServerOptions) -> int:
        """Run the server in this process until SIGTERM or SIGINT. Returns the exit code."""
        from localaws.server import Server

        self._refuse_while_running(
            "and two servers cannot share a directory. Use another --state-dir"
        )
        self._make_state_dir()
        server = Server(
            options.port,
            self.state_dir,
            Clock(options.time_scale),
            options.access,
            options.https_port,
        )
        _remove_proxy_settings()
        os.environ.update(options.environment())
        logging.basicConfig(
            level=options.log_level, format="%(asctime)s %(levelname)-7s %(name)s: %(message)s"
        )
        logging.getLogger("botocore").setLevel(logging.WARNING)
        record = {
            "pid": os.getpid(),
            "endpoint_url": server.endpoint_url,
            "version": version("localaws"),
        }
        self._record_file.write_text(json.dumps(record))
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
        self._record_file.unlink(missing_ok=True)
        return 1 if failed else 0

    def _make_state_dir(self) -> None:
        try:
            self.state_dir.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise DaemonError(
                f"the state directory {self.state_dir} cannot be made: {error.strerror}."
                " Name another one with --state-dir or LOCALAWS_STATE_DIR."
            ) from error

    def _refuse_while_running(self, consequence: str) -> None:
        running = self.status()
        if running:
            raise DaemonError(
                f"a server with the state directory {self.state_dir} runs (pid {running['pid']},"
                f" {running['endpoint_url']}), {consequence}"
            )


def _remove_proxy_settings() -> None:
    # The server's own AWS clients talk to 127.0.0.1 only, which a proxy could not reach.
    for name in [n for n in os.environ if n.lower().endswith("_proxy")]:
        del os.environ[name]


def _exists(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    state = Path(f"/proc/{pid}/stat")
    # A zombie has ended; its parent has not collected the exit code yet.
    return not (state.exists() and ") Z " in state.read_text())
