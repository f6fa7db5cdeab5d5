"""Servers with faster clocks, and the image that they run."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from localaws.testing import running
from server.sagemaker.client import SageMaker

# A minute is six seconds: a serving process must still be up within its four minutes on a busy machine.
SCALE = 10
# A minute is one second, for tests that only wait.
HASTE = 60

# An image whose server answers with the model's own code: with its function answer(body, headers), which
# returns (body, content type), or with the text ANSWER line by line.
SERVE = """#!/usr/bin/env python3
import http.server, os, runpy

code = runpy.run_path("/opt/ml/model/code/inference.py")

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(b"")

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if "answer" in code:
            self.reply(*code["answer"](body, self.headers))
            return
        lines = "".join(code["ANSWER"] + "\\n" for _ in body.splitlines())
        self.reply(lines.encode(), status=code.get("STATUS", 200))

    def reply(self, body, content_type=None, status=200):
        self.send_response(status)
        if content_type:
            self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""


@pytest.fixture(scope="session")
def programs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The programs of the account's images."""
    directory = tmp_path_factory.mktemp("image")
    serve = directory / "serve"
    serve.write_text(SERVE)
    serve.chmod(0o755)
    return directory


@pytest.fixture(scope="session")
def sagemaker(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[SageMaker]:
    """The server of most tests."""
    options = ("--time-scale", str(SCALE), "--image", f"*={programs}")
    with running(tmp_path_factory.mktemp("fast"), *options) as server:
        yield SageMaker(server)


@pytest.fixture(scope="session")
def hasty(tmp_path_factory: pytest.TempPathFactory, programs: Path) -> Iterator[SageMaker]:
    """The server of tests that wait for a deadline."""
    options = ("--time-scale", str(HASTE), "--image", f"*={programs}")
    with running(tmp_path_factory.mktemp("hasty"), *options) as server:
        yield SageMaker(server)
