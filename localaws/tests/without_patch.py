"""localaws without one of its patches of moto, to show that the patch is needed."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from localaws import patches
from localaws.__main__ import main
from localaws.patch import Patch
from localaws.testing import LocalAws

_START_SECONDS = 60.0


def without(table: tuple[Patch, ...], target: str | None) -> tuple[Patch, ...]:
    """A table of patches without the one of a target."""
    return tuple(patch for patch in table if patch.target != target)


@contextmanager
def running_without(target: str, state_dir: Path, *options: str) -> Iterator[LocalAws]:
    """Start a server that leaves out the patch of a target; stop it at the end of the block."""
    port = _free_port()
    place = ["--port", str(port), "--state-dir", str(state_dir)]
    command = [sys.executable, __file__, target, *place, *options]
    with (state_dir / "server.log").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=log)
    try:
        endpoint_url = f"http://127.0.0.1:{port}"
        _wait_for(endpoint_url)
        yield LocalAws(endpoint_url, state_dir, process.pid)
    finally:
        process.terminate()
        process.wait()


def _free_port() -> int:
    with closing(socket.create_server(("127.0.0.1", 0))) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(endpoint_url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            urllib.request.urlopen(f"{endpoint_url}/_localaws/health", timeout=5).close()
            return
        except OSError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)


if __name__ == "__main__":
    left_out = sys.argv[1]
    patches.PATCHES = without(patches.PATCHES, left_out)
    patches.INTERPRETER_PATCHES = without(patches.INTERPRETER_PATCHES, left_out)
    sys.exit(main(["run", *sys.argv[2:]]))
