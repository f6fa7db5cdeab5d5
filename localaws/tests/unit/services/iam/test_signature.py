import io
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.services.iam.signature import Signature

REGION = "eu-west-1"
HOST = "abc.execute-api.eu-west-1.amazonaws.com"


def url(path, query):
    return f"https://{HOST}{path}" + (f"?{query}" if query else "")


def signed(path="/v1/a", query="", body=b"{}", token=None):
    request = AWSRequest("POST", url(path, query), data=body)
    SigV4Auth(Credentials("key", "secret", token), "execute-api", REGION).add_auth(request)
    return {"host": HOST, **{name.lower(): value for name, value in request.headers.items()}}


def call(headers, path="/v1/a", query="", body=b"{}"):
    pairs = dict(parse_qsl(query, keep_blank_values=True))
    return Call("POST", path, pairs, headers, RequestBody(io.BytesIO(body), len(body)), query)


def verify(made, secret="secret"):
    return Signature.read(made).is_made_with(secret, made)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/a", ""),
        ("/v1/a%20b/%C3%A4", ""),
        ("/$default/a", "b=2&a=1&a=0"),
        ("/v1/a", "a=%2F%20x&empty=&flag"),
        ("/", "a=b%3Dc"),
    ],
)
def test_what_botocore_signs(path, query):
    assert verify(call(signed(path, query), path, query))
    assert verify(call(signed(path, query, token="session"), path, query))


def test_a_signature_in_a_url():
    request = AWSRequest("POST", url("/v1/a", "b=1"))
    SigV4QueryAuth(Credentials("key", "secret"), "execute-api", REGION, 60).add_auth(request)
    query = request.url.partition("?")[2]
    assert verify(call({"host": HOST}, query=query, body=b""))
    assert not verify(call({"host": HOST}, query=f"{query}&c=2", body=b""))


def test_a_request_that_was_changed():
    headers = signed(query="a=1")
    assert verify(call(headers, query="a=1"))
    assert not verify(call(headers, query="a=2"))
    assert not verify(call(headers, path="/v1/b", query="a=1"))
    assert not verify(call(headers, body=b"[]", query="a=1"))
    assert not verify(call(headers, query="a=1"), secret="guess")
    other = {**headers, "authorization": headers["authorization"][:-1] + "é"}
    assert not verify(call(other, query="a=1"))


def test_the_time_of_a_signature():
    found = Signature.read(call(signed()))
    now = datetime.now(UTC)
    assert found.is_current(now)
    assert not found.is_current(now + timedelta(minutes=16))
    assert not found.is_current(now - timedelta(minutes=16))


def test_what_is_not_a_signature():
    headers = signed()
    assert Signature.read(call({"host": HOST})) is None
    # Somebody could add a header that changes what the request means.
    for change, message in (
        ({"x-amz-security-token": "t"}, "must be signed: x-amz-security-token"),
        ({"x-amz-date": "today"}, "does not match format"),
        ({"authorization": "AWS4-HMAC-SHA256 Credential=key"}, "is missing"),
    ):
        with pytest.raises(ValueError, match=message):
            Signature.read(call(headers | change))
