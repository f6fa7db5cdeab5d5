"""The event of a Lambda function, in the payload formats 1.0 and 2.0.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import re
from typing import Any, Final

from localaws.services.execute_api.request import Request

Event = dict[str, Any]

# Bodies of these types are text. Every other body is Base64.
_TEXT: Final = re.compile(r"text/.*|application/(json|javascript|xml|.*\+json|.*\+xml)")


def event(request: Request, version: str) -> Event:
    """The event of an integration."""
    made = _event_2(request) if version == "2.0" else _event_1(request)
    body, encoded = _body(request)
    if body is not None or version == "1.0":
        made["body"] = body
    made["isBase64Encoded"] = encoded
    return made


def authorizer_event(request: Request, version: str, identity: list[str]) -> Event:
    """The event of a Lambda authorizer, which has no body.

    Args:
        request: the request.
        version: of the payload format.
        identity: the values of the identity sources.
    """
    if version == "2.0":
        made = _event_2(request)
        return made | {
            "type": "REQUEST",
            "routeArn": request.invoked_arn,
            "identitySource": identity or None,
        }
    made = _event_1(request)
    given = ",".join(identity)
    return made | {
        "type": "REQUEST",
        "methodArn": request.invoked_arn,
        "identitySource": given,
        "authorizationToken": given,
    }


def _event_2(request: Request) -> Event:
    made: Event = {
        "version": "2.0",
        "routeKey": request.route_key,
        "rawPath": request.path,
        "rawQueryString": request.query_string,
        "headers": dict(sorted(request.passed_headers())),
        "requestContext": _context_2(request),
    }
    assert request.match is not None
    optional = {
        "cookies": request.cookies,
        "queryStringParameters": request.joined_query(),
        "pathParameters": dict(request.match.path_parameters),
        "stageVariables": dict(request.variables),
    }
    return made | {name: value for name, value in optional.items() if value}


def _context_2(request: Request) -> Event:
    context: Event = {
        "accountId": request.api.account_id,
        "apiId": request.api.id,
        "domainName": request.domain_name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "http": {
            "method": request.method,
            "path": request.path,
            "protocol": request.protocol,
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("user-agent", ""),
        },
        "requestId": request.id,
        "routeKey": request.route_key,
        "stage": request.stage.name,
        "time": request_time(request),
        "timeEpoch": epoch_ms(request),
    }
    if request.authorizer:
        context["authorizer"] = dict(request.authorizer)
    return context


def _event_1(request: Request) -> Event:
    assert request.match is not None
    headers = {_title(name): value for name, value in request.passed_headers()}
    if request.cookies:
        headers["Cookie"] = "; ".join(request.cookies)
    several: dict[str, list[str]] = {}
    for name, value in request.query:
        several.setdefault(name, []).append(value)
    template = request.route_key.partition(" ")[2] or request.route_key
    return {
        "version": "1.0",
        "resource": template,
        "path": request.path,
        "httpMethod": request.method,
        "headers": headers,
        "multiValueHeaders": {name: [value] for name, value in headers.items()},
        "queryStringParameters": {name: v[-1] for name, v in several.items()} or None,
        "multiValueQueryStringParameters": several or None,
        "requestContext": _context_1(request, template),
        "pathParameters": dict(request.match.path_parameters) or None,
        "stageVariables": dict(request.variables) or None,
    }


def _context_1(request: Request, template: str) -> Event:
    iam = request.authorizer.get("iam", {})
    context: Event = {
        "accountId": request.api.account_id,
        "apiId": request.api.id,
        "domainName": request.domain_name,
        "domainPrefix": request.domain_name.partition(".")[0],
        "extendedRequestId": request.id,
        "httpMethod": request.method,
        "identity": {
            "accessKey": iam.get("accessKey"),
            "accountId": iam.get("accountId"),
            "caller": iam.get("callerId"),
            "cognitoAmr": None,
            "cognitoAuthenticationProvider": None,
            "cognitoAuthenticationType": None,
            "cognitoIdentityId": None,
            "cognitoIdentityPoolId": None,
            "principalOrgId": None,
            "sourceIp": request.source_ip,
            "user": iam.get("userId"),
            "userAgent": request.headers.get("user-agent", ""),
            "userArn": iam.get("userArn"),
        },
        "path": request.path,
        "protocol": request.protocol,
        "requestId": request.id,
        "requestTime": request_time(request),
        "requestTimeEpoch": epoch_ms(request),
        "resourceId": request.route_key,
        "resourcePath": template,
        "stage": request.stage.name,
    }
    if "jwt" in request.authorizer:
        context["authorizer"] = dict(request.authorizer["jwt"])
    elif "lambda" in request.authorizer:
        context["authorizer"] = dict(request.authorizer["lambda"])
    return context


def request_time(request: Request) -> str:
    """When the request arrived, for example ``12/Mar/2020:19:03:58 +0000``."""
    return request.received.strftime("%d/%b/%Y:%H:%M:%S +0000")


def epoch_ms(request: Request) -> int:
    """When the request arrived, in milliseconds since 1970."""
    return int(request.received.timestamp() * 1000)


def _body(request: Request) -> tuple[str | None, bool]:
    """The body as text, and whether it is Base64."""
    if not request.body:
        return None, False
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if _TEXT.fullmatch(kind):
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            # It is not the text that its type promises.
            pass
    return base64.b64encode(request.body).decode(), True


def _title(name: str) -> str:
    return "-".join(part.capitalize() for part in name.split("-"))
