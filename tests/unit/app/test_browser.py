"""The app in a browser: Streamlit as `make app` starts it, and Chromium."""

from __future__ import annotations

import http.client
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from landing_zone.core.settings import ROOT
from tests.unit.app.fake_aws import Aws

PATIENCE = 120  # seconds, on a busy machine


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    fake = Aws()
    yield fake
    fake.server.shutdown()
    fake.server.server_close()


@pytest.fixture(scope="module")
def port(
    aws: Aws,
    own_python: Path,
    own_environment: dict[str, str],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[int]:
    """Of a running app."""
    home = tmp_path_factory.mktemp("app")
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        number = free.getsockname()[1]
    command = [own_python, "-m", "streamlit", "run", ROOT / "app/page.py", "--server.port", number]
    environment = {**own_environment, **aws.environment, "HOME": str(home)}
    with (home / "log").open("w") as log:
        process = subprocess.Popen(
            [str(word) for word in command], cwd=ROOT, env=environment, stdout=log, stderr=log
        )
    try:
        deadline = time.monotonic() + PATIENCE
        while not is_healthy(number):
            assert process.poll() is None, (home / "log").read_text()
            assert time.monotonic() < deadline
            time.sleep(0.05)
        yield number
    finally:
        process.terminate()
        process.wait(PATIENCE)


def is_healthy(port: int) -> bool:
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    try:
        connection.request("GET", "/_stcore/health")
        return connection.getresponse().status == 200
    except OSError:
        return False
    finally:
        connection.close()


def status_of_websocket(port: int, host: str, origin: str) -> int:
    """What the server answers to a page that wants to open the app's connection."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=PATIENCE)
    headers = {
        "Host": f"{host}:{port}", "Origin": origin, "Connection": "Upgrade", "Upgrade": "websocket",
        "Sec-WebSocket-Key": "AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version": "13",
    }  # fmt: skip
    try:
        connection.request("GET", "/_stcore/stream", headers=headers)
        return connection.getresponse().status
    finally:
        connection.close()


def test_a_foreign_page_cannot_use_the_app(port: int) -> None:
    here = f"http://127.0.0.1:{port}"
    assert status_of_websocket(port, "127.0.0.1", here) == 101
    assert status_of_websocket(port, "127.0.0.1", "https://example.com") == 403
    assert status_of_websocket(port, "example.com", f"http://example.com:{port}") == 403


def test_a_person_asks_and_corrects_the_answer(port: int, aws: Aws) -> None:
    playwright = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed")
    chromium = shutil.which("chromium")
    if chromium is None:
        pytest.skip("chromium is not installed; on Debian: apt-get install chromium")
    asked: set[str] = set()
    with (
        playwright.sync_playwright() as browsers,
        browsers.chromium.launch(executable_path=chromium, args=["--no-sandbox"]) as browser,
    ):
        page = browser.new_page()
        page.set_default_timeout(PATIENCE * 1000)
        page.on("request", lambda request: asked.add(request.url.split("/")[2]))
        page.goto(f"http://127.0.0.1:{port}")
        page.get_by_label("Your text").fill("a great film")
        page.get_by_role("button", name="Predict").click()
        page.get_by_text("This sounds positive.").wait_for()
        page.get_by_role("button", name="No, it is negative").click()
        page.get_by_text("Thank you. Stored: negative.").wait_for()

    assert list(aws.stored.values()) == [b"inference_id,row,label\nJKJa=,0,0\n"]
    assert asked == {f"127.0.0.1:{port}"}, "the page needs nothing from other machines"
