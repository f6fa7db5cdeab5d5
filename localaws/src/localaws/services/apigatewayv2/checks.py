"""What the operations on HTTP APIs refuse, in the words of AWS where AWS refuses it too."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any, Final

from localaws.core.errors import AwsError

_METHODS: Final = ("ANY", "DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_SEGMENT: Final = re.compile(r"\{[\w.:-]+\+?\}|[A-Za-z0-9._~!$&'()*,;=:@%+-]+")
_STAGE_NAME: Final = re.compile(r"\$default|[a-zA-Z0-9_-]{1,128}")
# Members of requests that change what an API answers, and that nothing here reads.
_REFUSED: Final[Mapping[str, tuple[str, ...]]] = {
    "api": ("CredentialsArn", "RouteKey", "Target"),
    "route": (
        "ModelSelectionExpression", "RequestModels", "RequestParameters",
        "RouteResponseSelectionExpression",
    ),
    "integration": (
        "ConnectionId", "ContentHandlingStrategy", "IntegrationSubtype", "PassthroughBehavior",
        "RequestParameters", "RequestTemplates", "ResponseParameters",
        "TemplateSelectionExpression", "TlsConfig",
    ),
    "authorizer": ("IdentityValidationExpression",),
    "stage": ("ClientCertificateId",),
}  # fmt: skip


def bad_request(message: str) -> AwsError:
    """BadRequestException."""
    return AwsError("BadRequestException", message)


def conflict(message: str) -> AwsError:
    """ConflictException."""
    return AwsError("ConflictException", message, status=409)


def not_found(kind: str, name: str) -> AwsError:
    """NotFoundException."""
    return AwsError("NotFoundException", f"Invalid {kind} identifier specified {name}", status=404)


def check_emulated(kind: str, params: Mapping[str, Any]) -> None:
    """Refuse the members of a request that would change the answers of an API and are not emulated."""
    for name in _REFUSED[kind]:
        if params.get(name):
            raise bad_request(f"localaws does not emulate {name} of an {kind} of an HTTP API.")


def check_route_key(key: str) -> None:
    """Refuse a route key that an HTTP API cannot have."""
    if key == "$default":
        return
    method, separator, path = key.partition(" ")
    segments = path.split("/")[1:]
    valid = (
        separator
        and method in _METHODS
        and path.startswith("/")
        and all(_SEGMENT.fullmatch(s) for s in (segments if segments != [""] else []))
        and not any(s.endswith("+}") for s in segments[:-1])
    )
    if not valid:
        raise bad_request(
            f"The provided route key is not formatted properly for HTTP protocol: {key!r}. Format should be "
            '"<HTTP METHOD> /<RESOURCE PATH>" or "$default"'
        )


def check_stage(params: Mapping[str, Any]) -> None:
    """Refuse a stage that an HTTP API cannot have."""
    check_emulated("stage", params)
    if not _STAGE_NAME.fullmatch(params["StageName"]):
        raise bad_request(
            "Stage name should only contain alphanumeric characters, hyphens, and underscores, or be $default"
        )
    log = params.get("AccessLogSettings") or {}
    if log and not (log.get("DestinationArn") and log.get("Format")):
        raise bad_request("Access log settings need both a destination ARN and a format")
    arn = log.get("DestinationArn", "")
    if arn and ":logs:" not in arn:
        raise bad_request(f"localaws does not emulate access logs to {arn}, only to a log group.")
    for settings in (params.get("DefaultRouteSettings"), *params.get("RouteSettings", {}).values()):
        for name in ("DataTraceEnabled", "LoggingLevel"):
            if (settings or {}).get(name) not in {None, False, "OFF"}:
                raise bad_request(f"Execution logs are not supported on protocolType HTTP: {name}")


def check_integration(record: Mapping[str, Any]) -> None:
    """Refuse an integration that an HTTP API cannot have, or that is not emulated."""
    check_emulated("integration", record)
    kind = record["IntegrationType"]
    if kind not in {"AWS_PROXY", "HTTP_PROXY"}:
        raise bad_request(f"HTTP APIs do not support integrations of type {kind}")
    if record["ConnectionType"] != "INTERNET":
        raise bad_request(
            f"localaws does not emulate integrations with {record['ConnectionType']}."
        )
    if not record.get("IntegrationUri"):
        raise bad_request("Integration Uri must be set on integration")
    version, uri = record["PayloadFormatVersion"], record["IntegrationUri"]
    if version not in ({"1.0", "2.0"} if kind == "AWS_PROXY" else {"1.0"}):
        raise bad_request(f"Payload format version {version} is not supported by {kind}")
    if kind == "HTTP_PROXY":
        if not record.get("IntegrationMethod"):
            raise bad_request("HttpMethod must be set on integration")
        if not re.match(r"https?://", uri):
            raise bad_request(f"Invalid HTTP endpoint specified for URI: {uri}")
    elif ":lambda:" not in uri:
        raise bad_request(
            f"localaws does not emulate the integration {uri}, only Lambda functions."
        )
    if not 50 <= record["TimeoutInMillis"] <= 30_000:
        raise bad_request("Timeout should be between 50 ms and 30000 ms")


def check_authorizer(record: Mapping[str, Any]) -> None:
    """Refuse an authorizer that an HTTP API cannot have, or that is not emulated."""
    check_emulated("authorizer", record)
    if record["AuthorizerType"] == "JWT":
        jwt = record.get("JwtConfiguration") or {}
        if not (jwt.get("Issuer") and jwt.get("Audience")):
            raise bad_request("JwtConfiguration needs an issuer and at least one audience")
        if len(record.get("IdentitySource", ())) != 1:
            raise bad_request("Identity source for JWT authorizer must have exactly one value")
        return
    if not record.get("AuthorizerUri"):
        raise bad_request("AuthorizerUri must be set on a REQUEST authorizer")
    if record.get("AuthorizerPayloadFormatVersion") not in {"1.0", "2.0"}:
        raise bad_request(
            "AuthorizerPayloadFormatVersion is a required parameter for REQUEST authorizer"
        )
    if record["AuthorizerPayloadFormatVersion"] == "1.0" and record.get("EnableSimpleResponses"):
        raise bad_request("EnableSimpleResponses is not supported by payload format version 1.0")
    if not 0 <= record.get("AuthorizerResultTtlInSeconds", 0) <= 3600:
        raise bad_request("AuthorizerResultTtlInSeconds should be between 0 and 3600")
    if record.get("AuthorizerResultTtlInSeconds") and not record.get("IdentitySource"):
        raise bad_request("Identity source is required if authorizer results are cached")
