from datetime import UTC, datetime, timedelta

import pytest
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws.services.execute_api.signature import Signature, SignatureError

REGION = "eu-west-1"
HOST = "abc.execute-api.eu-west-1.amazonaws.com"


def signed(path="/v1/a", query="", body=b"{}", token=None, service="execute-api"):
    url = f"https://{HOST}{path}" + (f"?{query}" if query else "")
    request = AWSRequest("POST", url, data=body)
    SigV4Auth(Credentials("key", "secret", token), service, REGION).add_auth(request)
    return {"host": HOST, **{name.lower(): value for name, value in request.headers.items()}}


def verify(headers, path="/v1/a", query="", body=b"{}", secret="secret", now=None):
    found = Signature.read(headers, REGION, now or datetime.now(UTC))
    return found.is_made_with(secret, "POST", path, query, headers, body)


@pytest.mark.parametrize(
    ("path", "query"),
    [
        ("/v1/a", ""),
        ("/v1/a%20b/%C3%A4", ""),
        ("/$default/a", "b=2&a=1&a=0"),
        ("/v1/a", "a=%2F+x&empty=&flag"),
        ("/", "a=b%3Dc"),
    ],
)
def test_what_botocore_signs(path, query):
    assert verify(signed(path, query), path, query)
    assert verify(signed(path, query, token="session"), path, query)


def test_a_request_that_was_changed():
    headers = signed(query="a=1")
    assert verify(headers, query="a=1")
    assert not verify(headers, query="a=2")
    assert not verify(headers, path="/v1/b", query="a=1")
    assert not verify(headers, body=b"[]", query="a=1")
    assert not verify(headers, secret="guess", query="a=1")


def refusal(headers, now=None):
    with pytest.raises(SignatureError) as raised:
        verify(headers, now=now)
    return str(raised.value)


def test_what_is_not_a_signature_of_this_request():
    headers = signed()
    assert refusal({"host": HOST}) == "Missing Authentication Token"
    assert "scoped" in refusal(signed(service="lambda"))
    assert "expired" in refusal(headers, datetime.now(UTC) + timedelta(minutes=6))
    assert "expired" in refusal(headers, datetime.now(UTC) - timedelta(minutes=6))
    assert "basic format" in refusal(headers | {"x-amz-date": "today"})
    # Somebody could add a header that changes what the request means.
    assert "x-amz-security-token" in refusal(headers | {"x-amz-security-token": "t"})
