"""Who may use the Runtime API of an execution environment, and how it answers."""

import json
import os
import socket
import urllib.error
import urllib.request
from contextlib import closing

import pytest

from localaws.services.lambda_ import runtime_api
from localaws.services.lambda_.runtime_api import RuntimeApi


class FakeObserver:
    def __init__(self):
        self.errors = []

    def on_init_error(self, error):
        self.errors.append(error)


@pytest.fixture
def observer():
    return FakeObserver()


@pytest.fixture
def api(observer):
    with closing(RuntimeApi(observer)) as api:
        yield api


def post_init_error(api, **headers):
    url = f"http://{api.address}/2018-06-01/runtime/init/error"
    return urllib.request.urlopen(urllib.request.Request(url, b"{}", headers), timeout=10)


def test_the_runtime_client_is_answered(api, observer):
    with post_init_error(api) as answer:
        assert answer.status == 202
    assert observer.errors == [b"{}"]


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://example.com"},
        {"Origin": "null"},
        {"Host": "rebound.example.com"},
        {"Sec-Fetch-Site": "cross-site"},
    ],
    ids=str,
)
def test_a_web_page_is_refused(api, observer, headers):
    with pytest.raises(urllib.error.HTTPError) as refused:
        post_init_error(api, **headers)
    with refused.value as answer:
        assert answer.code == 403
        assert json.load(answer)["errorType"] == "AccessDeniedException"
    assert observer.errors == []


def test_another_user_is_refused(api, observer, monkeypatch):
    monkeypatch.setattr(runtime_api, "uid_of_peer", lambda _connection: os.getuid() + 54_321)
    with pytest.raises(urllib.error.HTTPError) as refused:
        post_init_error(api)
    with refused.value as answer:
        assert answer.code == 403
    assert observer.errors == []


def test_an_answer_is_sent_at_once(api):
    # In two parts, the second would wait until the client acknowledges the first: 40 ms on Linux.
    host, port = api.address.split(":")
    with socket.create_connection((host, int(port)), timeout=10) as client:
        request = f"POST /2018-06-01/runtime/init/error HTTP/1.1\r\nHost: {api.address}\r\n"
        # Linux acknowledges the first packets of a connection immediately.
        for _ in range(20):
            client.sendall(f"{request}Content-Length: 2\r\n\r\n{{}}".encode())
            head, _, body = client.recv(65_536).partition(b"\r\n\r\n")
            assert head.startswith(b"HTTP/1.1 202")
            assert body == b'{"status":"OK"}'
