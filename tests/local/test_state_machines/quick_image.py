"""An image whose server starts at once, and a model for it that says which run has registered it."""

from __future__ import annotations

from pathlib import Path

from localaws.testing import REGION
from tests.local.test_state_machines.conftest import ACCOUNT

IMAGE = f"{ACCOUNT}.dkr.ecr.{REGION}.amazonaws.com/ml-core:1"
# The model is a function `answer`, from the body to the answer.
SERVE = """#!/usr/bin/env python3
import http.server, os, runpy

answer = runpy.run_path("/opt/ml/model/code/inference.py")["answer"]

class Handler(http.server.BaseHTTPRequestHandler):
    def do_GET(self):
        self.reply(b"")

    def do_POST(self):
        self.reply(answer(self.rfile.read(int(self.headers["Content-Length"]))))

    def reply(self, body):
        self.send_response(200)
        self.send_header("Content-Type", "text/csv")
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

port = int(os.environ["SAGEMAKER_BIND_TO_PORT"])
http.server.ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
"""
# It answers each row with a number of the run. Registry.register() puts the run in.
MODEL = (
    "def answer(body):\n    return (b'%d\\n' % int('{name}'[:8], 16)) * len(body.splitlines())\n"
)
BROKEN = "def answer(body):\n    raise ValueError('{name}')\n"


def answer_of(run_id: str) -> str:
    """The answer of MODEL to one row."""
    return str(int(run_id[:8], 16))


def image_option(folder: Path) -> tuple[str, str]:
    """Write the image's program; the option of localaws that runs it."""
    program = folder / "serve"
    program.write_text(SERVE)
    program.chmod(0o755)
    return "--image", f"*={folder}"
