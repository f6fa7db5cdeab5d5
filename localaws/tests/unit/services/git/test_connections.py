"""What a connection gives access to, and what Git has to have."""

from datetime import UTC, datetime
from types import SimpleNamespace
from urllib.parse import unquote, urlsplit

import pytest

from localaws.core.errors import AwsError
from localaws.services.git.commands import http_backend
from localaws.services.git.connections import AVAILABLE, Connection, Connections
from localaws.services.git.credentials import signed_clone_url
from localaws.services.git.repository import Repository
from localaws.services.git.signature import GitSignature

ARN = "arn:aws:codeconnections:eu-west-1:123456789012:connection/0b6c"
OLDER_ARN = "arn:aws:codestar-connections:eu-west-1:123456789012:connection/0b6c"


@pytest.fixture
def connection():
    return Connection(ARN, "gh", "GitHub")


@pytest.fixture
def connections(connection):
    found = Connections()
    found.add(connection)
    return found


def test_a_pending_connection_gives_access_to_nothing(connections):
    with pytest.raises(
        AwsError, match=r"its status is PENDING.*localaws connect gh me/app"
    ) as refusal:
        connections.repository(ARN, "me/app")
    assert refusal.value.code == "ResourceUnavailableException"


@pytest.mark.parametrize("arn", [ARN[:-1], "0b6c", "gh"])
def test_an_unknown_connection(connections, arn):
    with pytest.raises(AwsError, match="not found") as refusal:
        connections.repository(arn, "me/app")
    assert refusal.value.code == "ResourceNotFoundException"


@pytest.mark.parametrize("arn", [ARN, OLDER_ARN])
def test_a_connection_gives_access_to_the_repositories_of_its_handshake(
    connections, connection, repository, arn
):
    connection.status = AVAILABLE
    connection.repositories["me/app"] = repository
    assert connections.repository(arn, "me/app") is repository
    with pytest.raises(AwsError, match=r"no access to the repository me/other.*: me/app"):
        connections.repository(arn, "me/other")
    assert connections.find("gh") is connections.find(arn) is connection


def test_without_git_a_repository_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(AwsError, match=r"git is not on the PATH.*apt-get install git") as refusal:
        Repository.create("a", tmp_path / "a.git", "http://127.0.0.1/", lambda: datetime.now(UTC))
    assert refusal.value.status == 400


def test_without_the_http_server_of_git_it_is_named(tmp_path, monkeypatch):
    program = tmp_path / "git"
    program.write_text(f"#!/bin/sh\necho {tmp_path}\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{tmp_path}:/usr/bin:/bin")
    http_backend.cache_clear()
    with pytest.raises(AwsError, match="git-http-backend does not exist"):
        http_backend()


def test_a_clone_url_with_credentials():
    keys = {
        "AWS_ACCESS_KEY_ID": "ASIAEXAMPLE",
        "AWS_SECRET_ACCESS_KEY": "secret",
        "AWS_SESSION_TOKEN": "to/ken",
    }
    context = SimpleNamespace(environment=lambda role: keys, region="eu-west-1")
    url = "http://127.0.0.1:4566/v1/repos/demo"
    parts = urlsplit(signed_clone_url(context, url, "arn:aws:iam::123456789012:role/build"))
    assert unquote(parts.username) == "ASIAEXAMPLE%to/ken"
    signature = GitSignature.read(unquote(parts.password))
    assert signature.is_made_with("secret", "127.0.0.1:4566", "/v1/repos/demo", "eu-west-1")
    hosted = "http://127.0.0.1:4566/me/app.git"
    assert signed_clone_url(context, hosted) == hosted
