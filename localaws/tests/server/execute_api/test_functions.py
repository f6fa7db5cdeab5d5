"""Lambda functions behind a route: their events, their answers, and what goes wrong."""

import base64
import re

import pytest

from server.execute_api.client import send


def test_the_event_of_format_2(api):
    headers = {"content-type": "application/json", "Cookie": "a=1; b=2", "X-Custom": "yes"}
    reply = api.post("/v1/echo?x=1&x=2&y=%20", {}, headers=headers)
    event = reply.json
    assert event["version"] == "2.0"
    assert event["routeKey"] == "POST /echo"
    assert event["rawPath"] == "/v1/echo"
    assert event["rawQueryString"] == "x=1&x=2&y=%20"
    assert event["queryStringParameters"] == {"x": "1,2", "y": " "}
    assert event["cookies"] == ["a=1", "b=2"]
    assert event["headers"]["x-custom"] == "yes"
    assert "cookie" not in event["headers"]
    assert event["stageVariables"] == {"colour": "blue"}
    assert (event["body"], event["isBase64Encoded"]) == ("{}", False)
    assert "pathParameters" not in event
    context = event["requestContext"]
    assert context["http"] == {
        "method": "POST", "path": "/v1/echo", "protocol": "HTTP/1.1", "sourceIp": "127.0.0.1",
        "userAgent": "",
    }  # fmt: skip
    assert context["stage"] == "v1"
    assert context["apiId"] == api.id
    assert context["domainName"] == f"{api.id}.execute-api.eu-west-1.amazonaws.com"
    assert context["requestId"] == reply.headers["apigw-requestid"]
    assert re.fullmatch(r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["time"])
    assert "authorizer" not in context


def test_the_event_of_format_1(world):
    api = world.api("format-1")
    target = api.integration(IntegrationUri=world.function_arn, PayloadFormatVersion="1.0")
    api.route("ANY /pets/{id}", Target=target)
    api.stage()
    event = send(api.url + "/pets/7?x=1&x=2", "PUT", b"\xff", {"Content-Type": "image/png"}).json
    assert event["version"] == "1.0"
    assert (event["resource"], event["path"]) == ("/pets/{id}", "/pets/7")
    assert event["pathParameters"] == {"id": "7"}
    assert event["queryStringParameters"] == {"x": "2"}
    assert event["multiValueQueryStringParameters"] == {"x": ["1", "2"]}
    assert event["multiValueHeaders"]["Content-Type"] == ["image/png"]
    assert base64.b64decode(event["body"]) == b"\xff"
    assert event["isBase64Encoded"] is True
    assert event["stageVariables"] is None
    assert event["requestContext"]["resourcePath"] == "/pets/{id}"
    assert event["requestContext"]["identity"]["sourceIp"] == "127.0.0.1"


@pytest.mark.parametrize(
    ("returned", "status", "body", "content_type"),
    [
        ({"ok": True}, 200, b'{"ok": true}', "application/json"),
        ("text", 200, b"text", "application/json"),
        ({"statusCode": 201, "body": "made"}, 201, b"made", "text/plain; charset=utf-8"),
        ({"statusCode": "418", "headers": {"Content-Type": "text/html"}}, 418, b"", "text/html"),
        ({"statusCode": 200, "body": "/w==", "isBase64Encoded": True}, 200, b"\xff",
         "text/plain; charset=utf-8"),
        ({"statusCode": 200, "body": {"not": "text"}}, 500, b'{"message":"Internal Server Error"}',
         "application/json"),
        ({"statusCode": "often"}, 500, b'{"message":"Internal Server Error"}', "application/json"),
    ],
)  # fmt: skip
def test_what_a_function_returns(api, returned, status, body, content_type):
    reply = api.post("/echo", {"return": returned})
    assert (reply.status, reply.body) == (status, body)
    assert reply.headers["content-type"] == content_type


def test_cookies_of_a_function(api):
    cookies = ["a=1; Secure", "b=2"]
    reply = api.post("/echo", {"return": {"statusCode": 204, "cookies": cookies}})
    assert reply.status == 204
    assert list(reply.cookies) == cookies


def test_an_exception_of_the_function_is_not_shown(api):
    reply = api.post("/echo", {"raise": "the password is wrong"})
    assert (reply.status, reply.json) == (500, {"message": "Internal Server Error"})


def test_a_function_that_takes_too_long(world):
    api = world.api("slow")
    api.route(
        "POST /", Target=api.integration(IntegrationUri=world.function_arn, TimeoutInMillis=300)
    )
    api.stage()
    api.post("/", {})
    reply = api.post("/", {"sleep": 2})
    assert (reply.status, reply.json) == (503, {"message": "Service Unavailable"})


def test_a_body_that_is_too_large(api):
    reply = send(api.url + "/echo", "POST", b" " * (10 * 1024 * 1024 + 1))
    assert (reply.status, reply.json) == (413, {"message": "Request Entity Too Large"})


def test_a_function_has_to_allow_the_route(world):
    arn = world.function("strict", allowed=False)
    api = world.api("strict")
    prefix = "arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions"
    target = api.integration(IntegrationUri=f"{prefix}/{arn}/invocations")
    api.route("GET /pets/{id}", Target=target)
    api.route("GET /plants/{id}", Target=target)
    api.stage()
    refused = api.get("/pets/1")
    assert (refused.status, refused.json) == (500, {"message": "Internal Server Error"})
    world.allow("strict", f"arn:aws:execute-api:eu-west-1:123456789012:{api.id}/*/GET/pets/{{id}}")
    assert api.get("/pets/1").status == 200
    assert api.get("/plants/1").status == 500
