"""Routes, stages, deployments, hosts, HTTP servers, CORS: which answer a request gets."""

import http.client
import http.server
import json
import threading
from urllib.parse import urlsplit

import pytest
from botocore.exceptions import ClientError

from server.execute_api.client import HttpApi, World, send


@pytest.fixture(scope="module")
def routes(world):
    api = world.api("routes")
    for key in (
        "GET /pets", "ANY /pets", "GET /pets/{id}", "GET /pets/mine", "ANY /pets/{proxy+}",
        "GET /{proxy+}",
    ):  # fmt: skip
        api.route(key)
    api.stage()
    api.stage("v1")
    return api


@pytest.mark.parametrize(
    ("method", "path", "key"),
    [
        ("GET", "/pets", "GET /pets"),
        ("POST", "/pets", "ANY /pets"),
        ("GET", "/pets/7", "GET /pets/{id}"),
        ("GET", "/pets/mine", "GET /pets/mine"),
        ("POST", "/pets/7", "ANY /pets/{proxy+}"),
        ("GET", "/pets/7/toys", "ANY /pets/{proxy+}"),
        ("GET", "/v1/pets/7", "GET /pets/{id}"),
        ("GET", "/$default/pets/7", "GET /pets/{id}"),
        ("GET", "/plants/rose/1", "GET /{proxy+}"),
    ],
)
def test_the_route_that_fits_best_is_taken(routes, method, path, key):
    assert send(routes.url + path, method).json["routeKey"] == key


def test_no_route(routes):
    reply = routes.post("/plants", {})
    assert (reply.status, reply.body) == (404, b'{"message":"Not Found"}')
    assert reply.headers["content-type"] == "application/json"


def test_the_host_of_an_api_leads_to_it(routes):
    address = urlsplit(routes.url).netloc
    for name in ("amazonaws.com", "localhost.localstack.cloud"):
        connection = http.client.HTTPConnection(address)
        host = f"{routes.id}.execute-api.eu-west-1.{name}"
        connection.request("GET", "/v1/pets/7", headers={"Host": host})
        event = json.load(connection.getresponse())
        assert (event["rawPath"], event["pathParameters"]) == ("/v1/pets/7", {"id": "7"})
        connection.close()


def test_a_stage_serves_its_deployment(world):
    api = world.api("deployments")
    gateway = world.gateway
    route = api.route("GET /old")
    api.stage("fixed", AutoDeploy=False)
    assert api.get("/fixed/old").status == 404
    first = gateway.create_deployment(ApiId=api.id, StageName="fixed")["DeploymentId"]
    gateway.update_route(ApiId=api.id, RouteId=route, RouteKey="GET /new")
    assert api.get("/fixed/old").status == 200
    assert api.get("/fixed/new").status == 404
    second = gateway.create_deployment(ApiId=api.id)["DeploymentId"]
    with pytest.raises(ClientError, match="Active stages"):
        gateway.delete_deployment(ApiId=api.id, DeploymentId=first)
    gateway.update_stage(ApiId=api.id, StageName="fixed", DeploymentId=second)
    assert api.get("/fixed/new").status == 200
    gateway.delete_deployment(ApiId=api.id, DeploymentId=first)
    api.stage("auto")
    assert api.get("/auto/new").status == 200
    gateway.delete_route(ApiId=api.id, RouteId=route)
    assert api.get("/auto/new").status == 404


@pytest.fixture(scope="module")
def backend():
    """An HTTP server that answers with what it got."""

    class Handler(http.server.BaseHTTPRequestHandler):
        def do_POST(self):
            body = self.rfile.read(int(self.headers.get("Content-Length") or 0)).decode()
            seen = {
                "path": self.path,
                "body": body,
                "headers": {k.lower(): v for k, v in self.headers.items()},
            }
            data = json.dumps(seen).encode()
            self.send_response(202)
            self.send_header("X-Backend", "yes")
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *_arguments):
            pass

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    server.server_close()


def test_an_http_server_behind_a_route(world, backend):
    api = world.api("http-proxy")
    target = api.integration(
        IntegrationType="HTTP_PROXY", IntegrationMethod="ANY", PayloadFormatVersion="1.0",
        IntegrationUri=backend + "/in/{proxy}",
    )  # fmt: skip
    dead = api.integration(
        IntegrationType="HTTP_PROXY", IntegrationMethod="GET", PayloadFormatVersion="1.0",
        IntegrationUri="http://127.0.0.1:9/",
    )  # fmt: skip
    api.route("ANY /out/{proxy+}", Target=target)
    api.route("GET /dead", Target=dead)
    api.stage()
    reply = api.post("/out/a/b%20c?x=1", {"a": 1}, headers={"x-own": "1"})
    assert (reply.status, reply.headers["x-backend"]) == (202, "yes")
    assert (reply.json["path"], reply.json["body"]) == ("/in/a/b%20c?x=1", '{"a": 1}')
    assert reply.json["headers"]["x-own"] == "1"
    assert reply.json["headers"]["forwarded"].startswith("for=127.0.0.1;host=")
    assert api.get("/dead").status == 503


def test_web_pages_of_an_allowed_origin(start_localaws, tmp_path, monkeypatch):
    origin = "https://console.example.com"
    monkeypatch.setenv("LOCALAWS_ALLOWED_ORIGINS", f"{origin},https://other.example.com")
    cors = {
        "AllowOrigins": [origin],
        "AllowMethods": ["POST"],
        "AllowHeaders": ["x-own"],
        "MaxAge": 60,
    }
    preflight = {
        "Origin": origin, "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "x-own",
    }  # fmt: skip
    with start_localaws(tmp_path / "state") as server:
        api: HttpApi = World(server).api("cors", CorsConfiguration=cors)
        api.route("POST /echo", AuthorizationType="AWS_IAM")
        api.stage()
        asked = send(api.url + "/echo", "OPTIONS", headers=preflight)
        assert (asked.status, asked.body) == (204, b"")
        assert asked.headers["access-control-allow-origin"] == origin
        assert asked.headers["access-control-allow-methods"] == "POST"
        assert asked.headers["access-control-allow-headers"] == "x-own"
        assert asked.headers["access-control-max-age"] == "60"
        # A page has to be able to read a refusal, too.
        refused = api.post("/echo", {}, headers={"Origin": origin})
        assert (refused.status, refused.headers["access-control-allow-origin"]) == (403, origin)
        other = send(
            api.url + "/echo",
            "OPTIONS",
            headers=preflight | {"Origin": "https://other.example.com"},
        )
        assert "access-control-allow-origin" not in other.headers
        # The server itself refuses the pages of every other origin.
        foreign = api.post("/echo", {}, headers={"Origin": "https://evil.example.com"})
        assert foreign.status == 403
        assert b"LOCALAWS_ALLOWED_ORIGINS" in foreign.body


@pytest.mark.parametrize(
    ("operation", "arguments", "code", "named"),
    [
        ("create_api", {"Name": "a", "ProtocolType": "WEBSOCKET"}, "NotImplementedException", "WEBSOCKET"),
        ("create_api", {"Name": "a", "ProtocolType": "HTTP", "Target": "https://example.com"},
         "BadRequestException", "Target"),
        ("create_vpc_link", {"Name": "a", "SubnetIds": []}, "NotImplementedException", "CreateVpcLink"),
        ("create_domain_name", {"DomainName": "a.example.com"}, "NotImplementedException", "DomainName"),
        ("create_integration", {"IntegrationType": "AWS_PROXY", "IntegrationSubtype": "SQS-SendMessage"},
         "BadRequestException", "IntegrationSubtype"),
        ("create_integration", {"IntegrationType": "MOCK"}, "BadRequestException", "MOCK"),
        ("create_route", {"RouteKey": "FETCH /pets"}, "BadRequestException", "FETCH"),
        ("create_route", {"RouteKey": "GET /{proxy+}/end"}, "BadRequestException", "proxy"),
        ("create_route", {"RouteKey": "GET /", "Target": "integrations/none"}, "NotFoundException", "none"),
        ("create_route", {"RouteKey": "POST /echo"}, "ConflictException", "POST /echo"),
        ("create_stage", {"StageName": "v1"}, "ConflictException", "v1"),
        ("get_stage", {"StageName": "none"}, "NotFoundException", "none"),
        ("delete_route", {"RouteId": "none"}, "NotFoundException", "none"),
    ],
)  # fmt: skip
def test_what_is_refused(world, api, operation, arguments, code, named):
    needs_api = (
        "ApiId"
        in world.gateway.meta.service_model.operation_model(
            "".join(part.title() for part in operation.split("_"))
        ).input_shape.members
    )
    arguments = {"ApiId": api.id, **arguments} if needs_api else arguments
    with pytest.raises(ClientError) as raised:
        getattr(world.gateway, operation)(**arguments)
    assert raised.value.response["Error"]["Code"] == code
    assert named in raised.value.response["Error"]["Message"]


def test_what_is_in_use_cannot_be_deleted(world, api):
    name = api.target.partition("/")[2]
    with pytest.raises(ClientError, match="referenced by Route"):
        world.gateway.delete_integration(ApiId=api.id, IntegrationId=name)


def test_tags_pages_and_settings(world):
    gateway = world.gateway
    api = world.api("records", Tags={"a": "1"})
    arn = f"arn:aws:apigateway:eu-west-1::/apis/{api.id}"
    gateway.tag_resource(ResourceArn=arn, Tags={"b": "2"})
    gateway.untag_resource(ResourceArn=arn, TagKeys=["a"])
    assert gateway.get_tags(ResourceArn=arn)["Tags"] == {"b": "2"}
    api.stage("s", Tags={"c": "3"}, StageVariables={"x": "1", "y": "2"})
    assert gateway.get_tags(ResourceArn=f"{arn}/stages/s")["Tags"] == {"c": "3"}
    updated = gateway.update_stage(
        ApiId=api.id, StageName="s", StageVariables={"x": "", "z": "3"},
        RouteSettings={"GET /a": {"ThrottlingRateLimit": 2.5}},
    )  # fmt: skip
    assert updated["StageVariables"] == {"y": "2", "z": "3"}
    gateway.delete_route_settings(ApiId=api.id, StageName="s", RouteKey="GET /a")
    assert gateway.get_stage(ApiId=api.id, StageName="s")["RouteSettings"] == {}
    for path in "abc":
        api.route(f"GET /{path}")
    first = gateway.get_routes(ApiId=api.id, MaxResults="2")
    rest = gateway.get_routes(ApiId=api.id, MaxResults="2", NextToken=first["NextToken"])
    assert {route["RouteKey"] for route in first["Items"] + rest["Items"]} == {
        "GET /a",
        "GET /b",
        "GET /c",
    }
    assert gateway.update_api(ApiId=api.id, Description="new")["Description"] == "new"
    gateway.delete_api(ApiId=api.id)
    with pytest.raises(ClientError, match="NotFoundException"):
        gateway.get_api(ApiId=api.id)
    assert api.get("/s/a").status == 404
