"""Throttling, access logs and metrics."""

import json
import time
from datetime import UTC, datetime, timedelta

from server.execute_api.client import TEST_KEYS
from waiting import eventually

SLOW = {"ThrottlingRateLimit": 0.001, "ThrottlingBurstLimit": 2}


def test_a_route_that_is_called_too_often(world):
    api = world.api("throttled")
    api.route("GET /a")
    api.route("GET /b")
    api.route("GET /free")
    free = {"ThrottlingRateLimit": 1000.0, "ThrottlingBurstLimit": 1000}
    api.stage(DefaultRouteSettings=SLOW, RouteSettings={"GET /free": free})
    assert [api.get("/a").status for _ in range(3)] == [200, 200, 429]
    assert api.get("/a").json == {"message": "Too Many Requests"}
    # Each route has a bucket of its own.
    assert api.get("/b").status == 200
    assert [api.get("/free").status for _ in range(4)] == [200] * 4
    world.gateway.update_stage(ApiId=api.id, StageName="$default", DefaultRouteSettings=free)
    assert api.get("/a").status == 200


def test_the_access_log(world):
    logs = world.localaws.client("logs")
    logs.create_log_group(logGroupName="/api/access")
    arn = "arn:aws:logs:eu-west-1:123456789012:log-group:/api/access"
    names = [
        "requestId", "routeKey", "status", "httpMethod", "path", "stage", "responseLength",
        "identity.userArn", "authorizer.error", "error.message", "integrationStatus", "unknown",
    ]  # fmt: skip
    api = world.api("logged")
    api.route("POST /signed", AuthorizationType="AWS_IAM")
    text = json.dumps({name: f"$context.{name}" for name in names})
    api.stage("v1", AccessLogSettings={"DestinationArn": arn, "Format": text})
    good = api.post("/v1/signed", {}, keys=TEST_KEYS)
    bad = api.post("/v1/signed", {})

    def lines():
        events = logs.filter_log_events(logGroupName="/api/access")["events"]
        found = {line["requestId"]: line for line in (json.loads(e["message"]) for e in events)}
        return found if len(found) == 2 else None

    found = eventually(lines)
    assert found[good.headers["apigw-requestid"]] == {
        "requestId": good.headers["apigw-requestid"], "routeKey": "POST /signed", "status": "200",
        "httpMethod": "POST", "path": "/v1/signed", "stage": "v1",
        "responseLength": str(len(good.body)), "identity.userArn": "arn:aws:iam::123456789012:root",
        "authorizer.error": "-", "error.message": "-", "integrationStatus": "200", "unknown": "-",
    }  # fmt: skip
    refused = found[bad.headers["apigw-requestid"]]
    assert (refused["status"], refused["error.message"]) == ("403", "Forbidden")
    assert refused["authorizer.error"] == "Missing Authentication Token"
    assert refused["integrationStatus"] == "-"


def test_the_metrics(world):
    api = world.api("measured")
    api.route("GET /pets/{id}")
    api.stage("v1", DefaultRouteSettings={"DetailedMetricsEnabled": True})
    api.get("/v1/pets/1")
    api.get("/v1/pets/2")
    api.get("/v1/plants")
    cloudwatch = world.localaws.client("cloudwatch")

    def total(name, statistic="Sum", **dimensions):
        now = datetime.now(UTC)
        points = cloudwatch.get_metric_statistics(
            Namespace="AWS/ApiGateway", MetricName=name, Period=60, Statistics=[statistic],
            StartTime=now - timedelta(hours=1), EndTime=now + timedelta(minutes=1),
            Dimensions=[{"Name": n, "Value": v} for n, v in dimensions.items()],
        )["Datapoints"]  # fmt: skip
        return sum(point[statistic] for point in points)

    assert total("Count", ApiId=api.id) == 3
    assert total("4xx", ApiId=api.id, Stage="v1") == 1
    assert total("5xx", ApiId=api.id, Stage="v1") == 0
    assert total("IntegrationLatency", "SampleCount", ApiId=api.id) == 2
    route = {"ApiId": api.id, "Stage": "v1", "Method": "GET", "Resource": "/pets/{id}"}
    assert total("Count", **route) == 2
    assert 0 < total("Latency", "Maximum", **route) < time.time()
