"""Events, identity sources, CORS and limits, without a server."""

import pytest

from localaws.core.clock import Clock
from localaws.services.execute_api import cors, identity_source
from localaws.services.execute_api.access_log import format_line
from localaws.services.execute_api.events import authorizer_event, event
from localaws.services.execute_api.functions import FunctionError, function_arn
from localaws.services.execute_api.request import Answer, RefusedError
from localaws.services.execute_api.throttle import Throttle, TokenBucket, limits
from unit.services.execute_api.requests import make_request

ARN = "arn:aws:execute-api:eu-west-1:123456789012:abc/v1/POST/predict/housing"


@pytest.mark.parametrize(
    ("content_type", "body", "encoded"),
    [
        ("application/json; charset=utf-8", b"{}", False),
        ("text/csv", b"1,2", False),
        ("application/vnd.api+json", b"{}", False),
        ("application/x-www-form-urlencoded", b"a=1", True),
        ("application/octet-stream", b"\xff", True),
        ("text/plain", b"\xff", True),
        ("", b"a", True),
    ],
)
def test_which_bodies_are_base64(content_type, body, encoded):
    request = make_request(headers={"content-type": content_type}, body=body)
    for version in ("1.0", "2.0"):
        assert event(request, version)["isBase64Encoded"] is encoded


def test_a_request_without_a_body():
    assert "body" not in event(make_request(body=b""), "2.0")
    assert event(make_request(body=b""), "1.0")["body"] is None


def test_the_event_of_an_authorizer():
    made = authorizer_event(make_request(), "2.0", ["token"])
    assert (made["type"], made["routeArn"], made["identitySource"]) == ("REQUEST", ARN, ["token"])
    assert "body" not in made
    made = authorizer_event(make_request(), "1.0", ["a", "b"])
    assert (made["methodArn"], made["identitySource"]) == (ARN, "a,b")


def test_the_time_of_a_request():
    context = event(make_request(), "2.0")["requestContext"]
    assert (context["time"], context["timeEpoch"]) == ("12/Mar/2026:19:03:58 +0000", 1773342238000)


def test_arns():
    request = make_request()
    assert request.invoked_arn == ARN
    assert request.source_arn.endswith(":abc/v1/POST/predict/{use_case}")
    assert make_request(route={"RouteKey": "$default"}).source_arn.endswith(":abc/v1/$default")


def test_a_token_bucket():
    bucket = TokenBucket(rate=2, burst=3, tokens=3, updated=0)
    assert [bucket.take(0) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(0.5), bucket.take(0.5), bucket.take(100)] == [True, False, True]
    assert bucket.tokens == 2


def test_limits_of_route_stage_and_account():
    def stage(default, own):
        return {"DefaultRouteSettings": default, "RouteSettings": {"GET /": own}}

    assert limits(stage({}, {}), "GET /") == (10_000, 5_000)
    default = {"ThrottlingRateLimit": 5.0, "ThrottlingBurstLimit": 7}
    assert limits(stage(default, {}), "GET /") == (5, 7)
    assert limits(stage(default, {"ThrottlingRateLimit": 1.0}), "GET /") == (1, 7)


def test_a_limit_of_zero_lets_nothing_pass():
    settings = {"ThrottlingRateLimit": 0.0, "ThrottlingBurstLimit": 0}
    with pytest.raises(RefusedError, match="Too Many Requests"):
        Throttle(Clock()).take(make_request(stage={"DefaultRouteSettings": settings}))


@pytest.mark.parametrize(
    ("allowed", "origin", "answered"),
    [
        (["*"], "https://a.com", "*"),
        (["https://a.com"], "https://a.com", "https://a.com"),
        (["https://*"], "https://b.com", "https://b.com"),
        (["https://*"], "http://b.com", None),
        (["https://a.com"], "https://b.com", None),
    ],
)
def test_allowed_origins(allowed, origin, answered):
    request = make_request(headers={"origin": origin}, cors={"AllowOrigins": allowed})
    function = Answer(
        200, [("access-control-allow-origin", "of the function"), ("x-own", "1")], b""
    )
    headers = dict(cors.finish(request, function).headers)
    assert headers.get("access-control-allow-origin") == answered
    assert headers["x-own"] == "1"


def test_without_cors_the_headers_of_the_function_count():
    function = Answer(200, [("access-control-allow-origin", "*")], b"")
    assert cors.finish(make_request(headers={"origin": "https://a.com"}), function) is function
    assert cors.preflight(make_request(method="OPTIONS")) is None


@pytest.mark.parametrize(
    ("source", "value"),
    [
        ("$request.header.Authorization", "secret"),
        ("$request.querystring.key", "1,2"),
        ("$context.routeKey", "POST /predict/{use_case}"),
        ("${context.identity.sourceIp}", "127.0.0.1"),
        ("$stageVariables.colour", "blue"),
        ("$request.header.Missing", None),
        ("nonsense", None),
    ],
)
def test_identity_sources(source, value):
    request = make_request(
        headers={"authorization": "secret"}, query_string="key=1&key=2",
        stage={"StageVariables": {"colour": "blue"}},
    )  # fmt: skip
    assert identity_source.values(request, [source]) == (None if value is None else [value])


def test_the_function_of_an_integration():
    arn = "arn:aws:lambda:eu-west-1:123456789012:function:f:live"
    uri = f"arn:aws:apigateway:eu-west-1:lambda:path/2015-03-31/functions/{arn}/invocations"
    assert function_arn(uri, {}) == function_arn(arn, {}) == arn
    assert function_arn(arn.replace("live", "${stageVariables.alias}"), {"alias": "live"}) == arn
    with pytest.raises(FunctionError):
        function_arn("arn:aws:sqs:eu-west-1:123456789012:queue", {})


def test_a_line_of_the_access_log():
    request = make_request(
        authorizer={"jwt": {"claims": {"sub": "me"}}, "lambda": {"tier": 3}},
        log={"error.message": 'a "quote"', "integrationLatency": "12"},
    )
    text = (
        "$context.status $context.authorizer.claims.sub $context.authorizer.tier "
        "$context.error.messageString $context.integrationLatency "
        "$context.integration.latency $context.nothing"
    )
    line = format_line(text, request, Answer(502, [], b"x"), 12.6)
    assert line == r'502 me 3 "a \"quote\"" 12 12 -'
