"""The signature that git-remote-codecommit puts into a password."""

from datetime import UTC, datetime, timedelta

import git_remote_codecommit
import pytest
from botocore.credentials import Credentials

from localaws.services.git.signature import GitSignature, password, signed_url, user_name

HOST, PATH, REGION = "127.0.0.1:8443", "/v1/repos/demo", "eu-west-1"


@pytest.fixture
def made(recwarn):
    credentials = Credentials("AKIAEXAMPLE", "secret")
    # It uses datetime.utcnow, which Python 3.12 warns of.
    return git_remote_codecommit.sign(HOST, PATH, REGION, credentials)


def test_what_git_remote_codecommit_signs_is_verified(made):
    signature = GitSignature.read(made)
    assert signature.is_current(datetime.now(UTC))
    assert signature.is_made_with("secret", HOST, PATH, REGION)


@pytest.mark.parametrize(
    "other",
    [
        ("other", HOST, PATH, REGION),
        ("secret", "127.0.0.1:8444", PATH, REGION),
        ("secret", HOST, "/v1/repos/other", REGION),
        ("secret", HOST, PATH, "eu-central-1"),
    ],
)
def test_a_signature_of_something_else_is_not_accepted(made, other):
    assert not GitSignature.read(made).is_made_with(*other)


def test_it_is_valid_for_15_minutes():
    now = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
    signature = GitSignature.read(password("secret", now, HOST, PATH, REGION))
    assert signature.is_current(now + timedelta(minutes=15))
    assert not signature.is_current(now + timedelta(minutes=15, seconds=1))
    assert not signature.is_current(now - timedelta(minutes=16))


@pytest.mark.parametrize("text", ["", "x", "20261121T120000Z", "20261341T120000Z" + "0" * 64])
def test_other_passwords_are_no_signatures(text):
    assert GitSignature.read(text) is None


def test_a_url_with_credentials():
    assert user_name("AKIA", "to/ken") == "AKIA%to/ken"
    assert signed_url("https://host/path", "AKIA%to/ken", "p:w") == (
        "https://AKIA%25to%2Fken:p%3Aw@host/path"
    )
