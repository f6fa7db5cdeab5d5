import json

import pytest

from localaws.services.execute_api.responses import MalformedResponseError, answer


def returned(value, version="2.0"):
    return answer(json.dumps(value).encode(), version)


@pytest.mark.parametrize("value", [{"a": 1}, [1], 3, None, {"body": "x"}])
def test_format_2_takes_a_result_without_a_status_for_the_body(value):
    found = returned(value)
    assert (found.status, json.loads(found.body)) == (200, value)
    with pytest.raises(MalformedResponseError):
        returned(value, "1.0")


def test_headers():
    found = returned(
        {
            "statusCode": 200,
            "headers": {"X-One": 1, "X-Two": True, "Content-Length": "9", "x-many": "replaced"},
            "multiValueHeaders": {"X-Many": ["a", "b"]},
        },
        "1.0",
    )
    assert found.headers == [
        ("x-one", "1"), ("x-two", "true"), ("x-many", "a"), ("x-many", "b"),
        ("content-type", "text/plain; charset=utf-8"),
    ]  # fmt: skip


@pytest.mark.parametrize(
    "members",
    [
        {"statusCode": 1000},
        {"statusCode": True},
        {"statusCode": None},
        {"headers": ["a"]},
        {"headers": {"a": {"b": 1}}},
        {"headers": {"a": "b\r\nset-cookie: c"}},
        {"multiValueHeaders": {"a": "b"}},
        {"cookies": "a=1"},
        {"body": 3},
        {"body": "%", "isBase64Encoded": True},
    ],
)
def test_malformed_responses(members):
    with pytest.raises(MalformedResponseError, match="doesn't match the format"):
        returned({"statusCode": 200, **members})
