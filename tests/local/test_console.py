"""The sockets of the console: where it listens, what a foreign page gets, streams, bodies."""

from __future__ import annotations

import http.client
import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing

import psutil
import pytest

from landing_zone.core.settings import ROOT
from tests.local.console_browser import console


@pytest.fixture(scope="module")
def address() -> Iterator[tuple[str, int]]:
    """The token and the port of a console; nothing answers at its endpoint of AWS."""
    with socket.socket() as unused:
        unused.bind(("127.0.0.1", 0))
        environment = {
            **os.environ,
            "AWS_ENDPOINT_URL": f"http://127.0.0.1:{unused.getsockname()[1]}",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        }
        with console(environment) as (url, pid):
            listening = [
                one for one in psutil.Process(pid).net_connections() if one.status == "LISTEN"
            ]
            assert [one.laddr.ip for one in listening] == ["127.0.0.1"]
            yield url.rpartition("token=")[2], listening[0].laddr.port


def ask(
    port: int, method: str, path: str, body: bytes = b"", **headers: str
) -> tuple[int, dict[str, str], bytes]:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=30)) as connection:
        connection.request(method, path, body or None, named)
        with connection.getresponse() as response:
            return response.status, dict(response.getheaders()), response.read()


def test_a_foreign_page_gets_nothing(address: tuple[str, int]) -> None:
    token, port = address

    assert ask(port, "GET", f"/?token={token}", Host="evil.example")[0] == 421
    assert ask(port, "GET", f"/?token={token}", Origin="https://evil.example")[0] == 403
    assert ask(port, "POST", "/api/runs", b"{}", Origin="https://evil.example")[0] == 403
    assert ask(port, "GET", "/api/session")[0] == 401
    assert ask(port, "OPTIONS", "/api/runs", Origin="https://evil.example")[0] == 501


def test_signed_in_without_aws(address: tuple[str, int]) -> None:
    token, port = address
    status, headers, _ = ask(port, "GET", f"/?token={token}")
    assert status == 303
    cookie = headers["Set-Cookie"].partition(";")[0]

    status, _, page = ask(port, "GET", "/runs")
    assert (status, b"/js/app.js" in page) == (200, True)
    status, _, answer = ask(
        port, "POST", "/api/runs", b"{", Cookie=cookie, Origin=f"http://127.0.0.1:{port}"
    )
    assert (status, b"not JSON" in answer) == (400, True)


def test_bodies_of_unknown_length_are_refused(address: tuple[str, int]) -> None:
    _, port = address

    assert ask(port, "POST", "/api/runs", b"{}", Content_Length="-1")[0] == 411
    assert ask(port, "POST", "/api/runs", b"{}", Content_Length=str(1 << 40))[0] == 411


def test_a_port_that_is_taken_is_named(address: tuple[str, int]) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "console", "--port", str(address[1])],
        cwd=ROOT, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip

    assert done.returncode == 1
    assert f"port {address[1]} of 127.0.0.1 cannot be used" in done.stderr
    assert "Traceback" not in done.stderr
