"""An API with routes to a function, and a client that signs or does not sign."""

from __future__ import annotations

import http.client
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from localaws.testing import REGION, LocalAws
from zips import make_zip

ACCOUNT = "123456789012"
TEST_KEYS = Credentials("test", "test")
SOURCE = """
import base64, json, time

calls = 0

def handler(event, context):
    '''Do what the body asks for; without a body show the event.'''
    global calls
    calls += 1
    if event.get("type") == "REQUEST":
        return decide(event)
    body = event.get("body")
    asked = json.loads(body) if body and not event["isBase64Encoded"] else {}
    if "raise" in asked:
        raise RuntimeError(asked["raise"])
    if "sleep" in asked:
        time.sleep(asked["sleep"])
    if "return" in asked:
        return asked["return"]
    return {"statusCode": 200, "headers": {"content-type": "application/json"}, "body": json.dumps(event)}

def decide(event):
    token = event["identitySource"]
    token = token[0] if isinstance(token, list) else token
    if token == "fail":
        raise RuntimeError("no decision")
    effect = "Allow" if token == "allow" else "Deny"
    if event["version"] == "2.0":
        return {"isAuthorized": token == "allow", "context": {"calls": calls}}
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": event["methodArn"]}
    return {"principalId": "me", "policyDocument": {"Statement": [statement]}, "context": {"calls": calls}}
"""


@dataclass(frozen=True)
class Reply:
    """The answer to a request."""

    status: int
    headers: Mapping[str, str]
    body: bytes
    cookies: tuple[str, ...] = ()

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


def send(
    url: str,
    method: str = "GET",
    body: bytes = b"",
    headers: Mapping[str, str] | None = None,
    keys: Credentials | None = None,
) -> Reply:
    """Send a request, signed by botocore where there are keys."""
    request = AWSRequest(method, url, data=body, headers=dict(headers or {}))
    if keys is not None:
        SigV4Auth(keys, "execute-api", REGION).add_auth(request)
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.netloc, timeout=60)
    try:
        target = parts.path + (f"?{parts.query}" if parts.query else "")
        connection.request(method, target, body or None, dict(request.headers.items()))
        answer = connection.getresponse()
        found = {name.lower(): value for name, value in answer.getheaders()}
        cookies = tuple(value for name, value in answer.getheaders() if name == "set-cookie")
        return Reply(answer.status, found, answer.read(), cookies)
    finally:
        connection.close()


class World:
    """What the APIs of the tests share."""

    def __init__(self, localaws: LocalAws) -> None:
        self.localaws = localaws
        self.gateway = localaws.client("apigatewayv2")
        self.functions = localaws.client("lambda")
        iam = localaws.client("iam")
        trust = {
            "Effect": "Allow",
            "Principal": {"Service": "lambda.amazonaws.com"},
            "Action": "sts:AssumeRole",
        }
        answer = iam.create_role(
            RoleName="api-function",
            AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17", "Statement": [trust]}),
        )
        self.role = str(answer["Role"]["Arn"])
        self.function_arn = self.function("api-function")

    def function(self, name: str, *, allowed: bool = True) -> str:
        """A function that every API may invoke, or none; its ARN."""
        made = self.functions.create_function(
            FunctionName=name, Role=self.role, Runtime="python3.12", Handler="main.handler",
            Code={"ZipFile": make_zip({"main.py": SOURCE})}, Timeout=30,
        )  # fmt: skip
        if allowed:
            self.allow(name, f"arn:aws:execute-api:{REGION}:{ACCOUNT}:*")
        return str(made["FunctionArn"])

    def allow(self, name: str, source_arn: str) -> None:
        """Let API Gateway invoke a function."""
        self.functions.add_permission(
            FunctionName=name, StatementId=f"s{uuid.uuid4().hex[:8]}", SourceArn=source_arn,
            Action="lambda:InvokeFunction", Principal="apigateway.amazonaws.com",
        )  # fmt: skip

    def api(self, name: str, **settings: Any) -> HttpApi:
        """A new API with one integration."""
        made = self.gateway.create_api(Name=name, ProtocolType="HTTP", **settings)
        return HttpApi(self, made["ApiId"], made["ApiEndpoint"])


class HttpApi:
    """An API of the tests."""

    def __init__(self, world: World, api_id: str, url: str) -> None:
        self.world = world
        self.id = api_id
        self.url = url
        self.target = self.integration(IntegrationUri=world.function_arn)

    def integration(self, **settings: Any) -> str:
        """A new integration, as the target of routes."""
        settings = {"IntegrationType": "AWS_PROXY", "PayloadFormatVersion": "2.0"} | settings
        made = self.world.gateway.create_integration(ApiId=self.id, **settings)
        return f"integrations/{made['IntegrationId']}"

    def route(self, key: str, **settings: Any) -> str:
        """A new route; its id."""
        settings = {"Target": self.target} | settings
        made = self.world.gateway.create_route(ApiId=self.id, RouteKey=key, **settings)
        return str(made["RouteId"])

    def stage(self, name: str = "$default", **settings: Any) -> None:
        """A new stage, which is deployed automatically."""
        settings = {"AutoDeploy": True} | settings
        self.world.gateway.create_stage(ApiId=self.id, StageName=name, **settings)

    def post(self, path: str, body: Any = None, **options: Any) -> Reply:
        """POST a JSON document."""
        headers = {"content-type": "application/json"} | options.pop("headers", {})
        data = b"" if body is None else json.dumps(body).encode()
        return send(self.url + path, "POST", data, headers, **options)

    def get(self, path: str, **options: Any) -> Reply:
        """GET."""
        return send(self.url + path, **options)
