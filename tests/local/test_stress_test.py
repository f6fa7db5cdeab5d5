"""stress_test.py against an HTTP server that answers as SageMaker and as an API with IAM authorization."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

ROOT = Path(__file__).parents[2]
KEY, SECRET, TOKEN = "AKIDEXAMPLE", "secret", "session-token"


class Server(ThreadingHTTPServer):
    """Every tenth request fails, every fifth is answered by variant B; once, all wait for half a second."""

    daemon_threads = True
    request_queue_size = 100

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)
        self.lock = threading.Lock()
        self.requests: list[tuple[str, bytes]] = []
        self.connections = 0
        self.stall_at = -1
        self.stalled_until = 0.0
        self.fail = True

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_address[1]}"

    def number_of(self, path: str, body: bytes) -> int:
        with self.lock:
            self.requests.append((path, body))
            number = len(self.requests) - 1
            if number == self.stall_at:
                self.stalled_until = time.monotonic() + 0.5
            until = self.stalled_until
        time.sleep(max(0.0, until - time.monotonic()))
        return number


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    # Otherwise an answer waits for the acknowledgement of its headers.
    disable_nagle_algorithm = True
    server: Server

    def setup(self) -> None:
        super().setup()
        with self.server.lock:
            self.server.connections += 1

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers["Content-Length"]))
        if self.path.startswith("/infer") and not self._is_signed(body):
            self._answer(403, b'{"message":"Forbidden"}')
            return
        number = self.server.number_of(self.path, body)
        if self.server.fail and number % 10 == 9:
            self._answer(503, b'{"message":"too busy"}')
        else:
            self._answer(200, b"1.5\n", "B" if number % 5 == 4 else "A")

    def _answer(self, status: int, body: bytes, variant: str = "") -> None:
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        if variant:
            self.send_header("x-Amzn-Invoked-Production-Variant", variant)
        self.end_headers()
        self.wfile.write(body)

    def _is_signed(self, body: bytes) -> bool:
        """Signed again from what has arrived, by the names of the headers that the signature covers."""
        given = self.headers.get("Authorization", "")
        names = given.partition("SignedHeaders=")[2].partition(",")[0].split(";")
        request = AWSRequest(
            "POST",
            f"{self.server.url}{self.path}",
            headers={name: self.headers[name] for name in names if name in self.headers},
            data=body,
        )
        request.context["timestamp"] = self.headers["X-Amz-Date"]
        signer = SigV4Auth(Credentials(KEY, SECRET, TOKEN), "execute-api", "eu-west-1")
        signature = signer.signature(
            signer.string_to_sign(request, signer.canonical_request(request)), request
        )
        return {"host", "x-amz-date", "x-amz-security-token"} <= set(names) and given.endswith(
            f"Signature={signature}"
        )

    def log_message(self, *_: object) -> None:
        """Nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as started:
        thread = threading.Thread(target=started.serve_forever, args=(0.02,))
        thread.start()
        yield started
        started.shutdown()
        thread.join()


def stress_test(
    server: Server, folder: Path, *options: str, secret: str = SECRET
) -> tuple[int, str, dict]:
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    done = subprocess.run(
        [sys.executable, "deployment-scripts/stress_test.py", "--output", str(folder), *options],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=120,
        env={
            **kept, "AWS_ENDPOINT_URL": server.url, "AWS_REGION": "eu-west-1", "USE_CASE": "iris",
            "AWS_ACCESS_KEY_ID": KEY, "AWS_SECRET_ACCESS_KEY": secret, "AWS_SESSION_TOKEN": TOKEN,
            "AWS_EC2_METADATA_DISABLED": "true",
        },
    )  # fmt: skip
    results = folder / "results.json"
    content = json.loads(results.read_text()) if results.is_file() else {}
    return done.returncode, done.stdout + done.stderr, content


def test_an_endpoint_that_stalls_and_fails(server: Server, tmp_path: Path) -> None:
    server.stall_at = 60
    code, output, results = stress_test(
        server, tmp_path, "--rate", "100", "--seconds", "1.5", "--connections", "8",
        "--max-p99-ms", "100", "--max-error-rate", "0.2", "--min-rate", "10",
    )  # fmt: skip

    assert code == 1, output
    # One request goes ahead of the load.
    assert len(server.requests) == results["sent"] + 1 == 151
    sample = (ROOT / "sample-files/iris_pred.csv").read_text().splitlines(keepends=True)
    assert server.requests[1] == (
        "/endpoints/ml-core-development-iris/invocations",
        sample[0].encode(),
    )
    assert {body.decode() for _, body in server.requests} == set(sample)
    assert 1 <= server.connections <= 8
    assert results["failed"] == results["errors"][0]["count"] == 15
    assert {found["name"]: found["count"] for found in results["variants"]} == {"A": 120, "B": 15}
    # Some 50 requests of 150 were due while the server stalled.
    assert results["latency_ms"]["p90"] > 200
    assert results["latency_ms"]["max"] >= 490
    assert results["late_without_connection"] > 20
    assert [found["met"] for found in results["thresholds"]] == [False, True, True]
    assert "NOT MET: p99 latency" in output
    assert (tmp_path / "summary.txt").read_text() in output
    assert (tmp_path / "report.html").read_text().count("<svg") == 3


def test_an_api_with_signed_requests(server: Server, tmp_path: Path) -> None:
    server.fail = False
    code, output, results = stress_test(
        server, tmp_path, "--url", f"{server.url}/infer?version=a%20b", "--ramp", "0:100",
        "--requests", "40", "--max-error-rate", "0", "--max-p99-ms", "60000", "--min-rate", "1",
    )  # fmt: skip

    assert code == 0, output
    assert (results["sent"], results["successful"], results["met"]) == (40, 40, True)
    assert {found["name"]: found["count"] for found in results["variants"]} == {"A": 32, "B": 8}
    assert server.requests[0] == ("/infer?version=a%20b", b"5.1,3.5,1.4,0.2\n")


def test_an_api_that_refuses_gets_no_load(server: Server, tmp_path: Path) -> None:
    code, output, _ = stress_test(server, tmp_path, "--url", f"{server.url}/infer", secret="other")

    assert code == 1
    assert "answers HTTP 403 to 3 single requests, so no load was sent" in output
    assert "Forbidden" in output and "Traceback" not in output
    assert (server.requests, list(tmp_path.iterdir())) == ([], [])
