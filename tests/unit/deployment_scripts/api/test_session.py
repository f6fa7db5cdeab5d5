from __future__ import annotations

import socket
from pathlib import Path
from typing import Any

import pytest

from landing_zone.api import session
from landing_zone.api.session import ApiSession, UrlError, checked_url, read_token
from landing_zone.core.errors import OperatorError


@pytest.mark.parametrize(
    "url",
    [
        "https://api.example.com/infer?x=1",
        "http://127.0.0.1:4566/infer",
        "http://[::1]/x",
        "http://localhost/x",
        "http://abc.execute-api.localhost:4566/",
    ],
)
def test_a_url_that_may_get_signed_requests(url: str) -> None:
    assert checked_url(url) == url


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("http://api.example.com/infer", "allowed: https"),
        ("http://127.0.0.1.example.com/", "allowed: https"),
        ("ftp://127.0.0.1/", "allowed: a URL such as"),
        ("api.example.com/infer", "allowed: a URL such as"),
        ("https://", "allowed: a URL such as"),
        ("https://me:secret@api.example.com/", "has a user name or a password"),
    ],
)
def test_a_url_that_may_not(url: str, message: str) -> None:
    with pytest.raises(UrlError, match=message) as raised:
        checked_url(url)
    assert "secret" not in str(raised.value)


def test_a_url_is_called_with_the_socket_options_of_boto3(monkeypatch: pytest.MonkeyPatch) -> None:
    """Otherwise Nagle's algorithm adds 40 ms to each request."""
    found: dict[str, Any] = {}
    monkeypatch.setenv("AWS_CA_BUNDLE", "/ca.pem")
    monkeypatch.setattr(session, "URLLib3Session", lambda **options: found.update(options))
    ApiSession(None, "eu-west-1", token="t", connections=7, timeout_seconds=2.5)

    assert found["socket_options"] == [(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)]
    assert (found["max_pool_connections"], found["timeout"], found["verify"]) == (7, 2.5, "/ca.pem")


def test_requests_need_credentials_or_a_token() -> None:
    with pytest.raises(OperatorError, match="Sign in to AWS first"):
        ApiSession(None, "eu-west-1")


@pytest.mark.parametrize("content", ["", "two words", "a\nb"])
def test_a_file_without_a_token(tmp_path: Path, content: str) -> None:
    (tmp_path / "token").write_text(content)
    with pytest.raises(OperatorError, match="holds no token"):
        read_token(tmp_path / "token")
    with pytest.raises(OperatorError, match="cannot be read"):
        read_token(tmp_path / "missing")


def test_a_token_is_read_without_its_line_end(tmp_path: Path) -> None:
    (tmp_path / "token").write_text("abc.def.ghi\n")
    assert read_token(tmp_path / "token") == "abc.def.ghi"
