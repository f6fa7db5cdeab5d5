"""The checks of a token, without a server."""

from types import SimpleNamespace

import pytest

from localaws.core.clock import Clock
from localaws.core.jwt import SigningKey, Token, TokenError
from localaws.services.github.issuer import ISSUER
from localaws.services.sts import identity_token
from localaws.services.sts.identity_token import OidcProvider, RefusedTokenError, TokenVerifier

KEY = SigningKey()
AUDIENCE = "sts.amazonaws.com"
PROVIDERS = {ISSUER.removeprefix("https://"): OidcProvider("arn", (AUDIENCE,))}


@pytest.fixture
def verifier(monkeypatch):
    monkeypatch.setattr(identity_token, "key_set", lambda *_: {"keys": [KEY.jwk]})
    return TokenVerifier(SimpleNamespace(clock=Clock(), endpoint_url="http://127.0.0.1:1"))


def token(**changes):
    now = int(Clock().now().timestamp())
    claims = {"iss": ISSUER, "aud": AUDIENCE, "sub": "repo:o/r:pull_request"}
    claims |= {"iat": now, "nbf": now - 600, "exp": now + 300}
    return KEY.sign({k: v for k, v in {**claims, **changes}.items() if v is not None})


def test_a_good_token(verifier):
    assert verifier.verify(token(), PROVIDERS).claims["sub"] == "repo:o/r:pull_request"
    assert verifier.verify(token(aud=["x", AUDIENCE]), PROVIDERS)


LATER = 4_000_000_000


@pytest.mark.parametrize(
    ("changes", "code", "words"),
    [
        ({"exp": 1}, "ExpiredTokenException", "Token expired: current date/time"),
        ({"nbf": LATER}, "IDPRejectedClaim", "must not be before nbf"),
        ({"iat": LATER}, "IDPRejectedClaim", "must not be before iat"),
        ({"exp": None}, "InvalidIdentityToken", "required claim: exp"),
        ({"iat": "now"}, "InvalidIdentityToken", "required claim: iat"),
        ({"sub": None}, "InvalidIdentityToken", "required claim: sub"),
        ({"aud": None}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"aud": "other"}, "InvalidIdentityToken", "Incorrect token audience"),
        ({"iss": ISSUER.replace("https", "http")}, "InvalidIdentityToken", "No OpenIDConnect"),
        ({"iss": "https://evil.example"}, "InvalidIdentityToken", "https://evil.example"),
    ],
)
def test_refusals(verifier, changes, code, words):
    with pytest.raises(RefusedTokenError) as refused:
        verifier.verify(token(**changes), PROVIDERS)
    assert refused.value.code == code
    assert words in refused.value.message


def test_only_rs256_by_a_known_key_counts():
    parsed = Token.parse(token())
    assert parsed.is_signed_by({"keys": [KEY.jwk]})
    assert not parsed.is_signed_by({"keys": []})
    assert not parsed.is_signed_by({"keys": [SigningKey().jwk]})
    unsigned = Token({**parsed.header, "alg": "none"}, parsed.claims, parsed.signed, b"")
    assert not unsigned.is_signed_by({"keys": [KEY.jwk]})


@pytest.mark.parametrize("text", ["", "a.b", "a.b.c", "W10.W10.W10", "é.é.é"])
def test_a_text_that_is_no_token(text):
    with pytest.raises(TokenError):
        Token.parse(text)
