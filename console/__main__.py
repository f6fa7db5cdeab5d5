"""Serve the console on 127.0.0.1, for the deployment that SERVICE, BUILD_STAGE and AWS_REGION name.

    make console
    python -m console --port 8470

It uses the AWS credentials of whoever starts it, on AWS or, with AWS_ENDPOINT_URL, on localaws. It prints a
URL that signs one browser in; a new one is printed each time that one has been used. Ctrl-C ends it.
"""

from __future__ import annotations

import argparse
import ctypes
import sys
import threading
from pathlib import Path

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "deployment-scripts"))

from console.context import Context, SharedAws  # noqa: E402 - the path is set above
from console.files import Files  # noqa: E402
from console.routes import make_router  # noqa: E402
from console.web.app import App  # noqa: E402
from console.web.guard import Guard  # noqa: E402
from console.web.live import Changes  # noqa: E402
from console.web.server import HOST, Server  # noqa: E402
from console.web.static import Static  # noqa: E402
from landing_zone.core.cli import parser, run_command  # noqa: E402
from landing_zone.core.errors import OperatorError  # noqa: E402
from landing_zone.core.settings import Settings  # noqa: E402

PORT = 8470
# A stream of events looks this often: AWS throttles requests, a process on this machine does not.
SECONDS = {True: 0.5, False: 5.0}


# M_ARENA_MAX of mallopt(3).
_ARENA_MAX = -8


def keep_memory_small() -> None:
    """Let all threads share one arena of glibc: otherwise each keeps megabytes that it has freed."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None) if sys.platform == "linux" else None
    if mallopt is not None:
        mallopt(_ARENA_MAX, 1)


def run(args: argparse.Namespace, settings: Settings) -> int:
    keep_memory_small()
    try:
        server = Server(args.port)
    except OSError as error:
        raise OperatorError(
            f"port {args.port} of {HOST} cannot be used: {error.strerror}. Is another console running? "
            "Choose another port with --port, or PORT with make console"
        ) from error
    changes, files = Changes(), Files()
    guard = Guard(server.port, lambda url: print(f"open {url}", flush=True))
    context = Context(settings, SharedAws(settings), changes)
    seconds = SECONDS[settings.is_local]
    server.respond = App(guard, make_router(context, files), Static(), changes, seconds).respond
    threading.Thread(target=context.warm_up, daemon=True).start()
    try:
        with server:
            server.serve_forever(poll_interval=0.2)
    except KeyboardInterrupt:
        print()
    finally:
        files.close()
    return 0


def main() -> int:
    arguments = parser("console", __doc__)
    arguments.add_argument(
        "--port", type=int, default=PORT, help=f"port on {HOST}, 0 for a free one (default: {PORT})"
    )
    return run_command(run, arguments)


if __name__ == "__main__":
    sys.exit(main())
