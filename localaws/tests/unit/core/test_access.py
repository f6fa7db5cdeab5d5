"""The decision about one call; tests/server/test_access.py shows it against browsers and clients."""

import io
import os

import pytest

from localaws.core import peer
from localaws.core.access import AccessPolicy, SettingError
from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.errors import AwsError


def call(method="GET", **headers):
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return Call(method, "/", {}, {"host": "127.0.0.1:4566", **named}, RequestBody(io.BytesIO(), 0))


def is_refused(policy, **headers):
    try:
        policy.check_headers(call(**headers).headers)
    except AwsError as error:
        assert (error.code, error.status) == ("AccessDeniedException", 403)
        return True
    return False


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "127.0.0.1:9", "localhost:4566", "Localhost", "[::1]:4566", "b.s3.localhost:1"],
)  # fmt: skip
def test_a_local_name_is_answered(host):
    assert not is_refused(AccessPolicy(), host=host)


@pytest.mark.parametrize(
    "host",
    ["", "evil.example", "127.0.0.1.nip.io", "xlocalhost", ".localhost", "127.0.0.1@evil.example", "[::2]",
     "localhost.evil.example", "0.0.0.0:4566", "127.1", "localhost,evil.example"],
)  # fmt: skip
def test_another_name_is_refused(host):
    assert is_refused(AccessPolicy(), host=host)


@pytest.mark.parametrize(
    "headers",
    [
        {"origin": "http://evil.example"},
        {"origin": "null"},
        {"origin": ""},
        {"origin": "http://127.0.0.1:4567"},
        {"origin": "http://localhost:4566"},
        {"origin": "http://127.0.0.1:4566,http://evil.example"},
        {"sec_fetch_site": "cross-site"},
        {"sec_fetch_site": "same-site"},
        {"sec_fetch_site": "something-new"},
        {"origin": "http://evil.example", "sec_fetch_site": "none"},
    ],
)
def test_a_page_of_another_origin_is_refused(headers):
    assert is_refused(AccessPolicy(), **headers)


@pytest.mark.parametrize(
    "headers",
    [{}, {"sec_fetch_site": "none"}, {"origin": "http://127.0.0.1:4566", "sec_fetch_site": "same-origin"}],
)  # fmt: skip
def test_a_client_and_an_own_page_are_answered(headers):
    assert not is_refused(AccessPolicy(), **headers)


def test_the_settings_name_origins_and_hosts():
    policy = AccessPolicy.from_environment(
        {
            "LOCALAWS_ALLOWED_ORIGINS": "http://localhost:3000, https://a.example",
            "LOCALAWS_ALLOWED_HOSTS": "Build.example,.s3.example",
            "LOCALAWS_ALLOW_OTHER_USERS": "1",
        }
    )
    assert not is_refused(policy, origin="http://localhost:3000", sec_fetch_site="cross-site")
    assert not is_refused(policy, host="build.example:4566")
    assert not is_refused(policy, host="bucket.s3.example")
    assert is_refused(policy, host="s3.example")
    assert is_refused(policy, origin="http://a.example")
    policy.check_peer(54321)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LOCALAWS_ALLOWED_ORIGINS", "*"),
        ("LOCALAWS_ALLOWED_ORIGINS", "null"),
        ("LOCALAWS_ALLOWED_ORIGINS", "a.example"),
        ("LOCALAWS_ALLOWED_ORIGINS", "https://a.example/"),
        ("LOCALAWS_ALLOWED_HOSTS", "*"),
        ("LOCALAWS_ALLOWED_HOSTS", "a.example:80"),
        ("LOCALAWS_ALLOWED_HOSTS", "."),
        ("LOCALAWS_ALLOW_OTHER_USERS", "yes"),
    ],
)
def test_a_wrong_setting_is_named_with_what_is_allowed(name, value):
    with pytest.raises(SettingError, match=name) as caught:
        AccessPolicy.from_environment({name: value})
    assert repr(value) in str(caught.value)
    assert "must" in str(caught.value)


def test_no_origin_gets_cors_headers_without_a_setting():
    assert AccessPolicy().cors_headers(call(origin="http://127.0.0.1:4566")) == {}
    assert AccessPolicy().cors_headers(call()) == {}


def test_the_answer_to_a_preflight_request_allows_what_is_asked():
    policy = AccessPolicy(allowed_origins=frozenset({"http://a.example"}))
    asked = call(
        "OPTIONS",
        origin="http://a.example",
        access_control_request_method="PUT",
        access_control_request_headers="authorization,x-amz-target",
    )
    headers = policy.cors_headers(asked)
    assert headers["Access-Control-Allow-Origin"] == "http://a.example"
    assert headers["Access-Control-Allow-Methods"] == "PUT"
    assert headers["Access-Control-Allow-Headers"] == "authorization,x-amz-target"


def test_the_own_user_and_root_are_answered_and_nobody_else():
    policy = AccessPolicy()
    policy.check_peer(os.getuid())
    policy.check_peer(0)
    with pytest.raises(AwsError, match=r"user 54321\..*LOCALAWS_ALLOW_OTHER_USERS=1"):
        policy.check_peer(54321)
    with pytest.raises(AwsError, match="closed the connection"):
        policy.check_peer(None)


def test_users_are_not_told_apart_where_the_system_cannot(monkeypatch):
    monkeypatch.setattr(peer, "IS_SUPPORTED", False)
    AccessPolicy().check_peer(None)
