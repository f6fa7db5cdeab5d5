"""Errors in the protocol that the client reads.

The protocol follows from the request alone, because many errors occur before the service is known. A
client that gets another protocol's error reports that it cannot parse the response, and the reason is lost.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from typing import Final
from xml.sax.saxutils import escape

from localaws.core.call import Call, Response
from localaws.core.errors import AwsError
from localaws.core.wire import cbor

_Format = Callable[[AwsError, Call, str], Response]

_FORM: Final = "application/x-www-form-urlencoded"
_JSON: Final = "application/x-amz-json-1.1"
# By signing name. All other signed requests without a target or a form are REST-JSON.
_S3: Final = frozenset({"s3", "s3express", "s3-object-lambda", "s3-outposts"})
_REST_XML: Final = frozenset({"cloudfront", "route53"})
_OLD_QUERY: Final = frozenset({"ec2", "sdb"})
_S3_CONTROL_PATH: Final = "/v20180820/"
# Characters that XML 1.0 does not allow, even escaped.
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def error_response(error: AwsError, call: Call, request_id: str) -> Response:
    """The response that makes a client of the called service raise ``error``."""
    response = _format(call)(error, call, request_id)
    headers = {**response.headers, "x-amzn-RequestId": request_id}
    if call.headers.get("x-amzn-query-mode") == "true":
        # For clients of a service that once spoke the protocol query: they go on using its error codes.
        headers["x-amzn-query-error"] = f"{error.code};{_fault(error)}"
    # The response to HEAD has no body.
    payload = b"" if call.method == "HEAD" else response.payload
    return Response(response.status, headers, payload)


def _format(call: Call) -> _Format:
    if call.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return _cbor
    content_type = call.headers.get("content-type", "")
    if "x-amz-target" in call.headers or content_type.startswith("application/x-amz-json"):
        return _json
    if call.path.startswith("/_localaws/"):
        return _json
    service = call.signing_name
    if service in _S3:
        return _xml if call.path.startswith(_S3_CONTROL_PATH) else _s3
    if service in _REST_XML:
        return _xml
    if content_type.startswith(_FORM) or {"Action", "Version"} <= call.query.keys():
        return _old_query if service in _OLD_QUERY else _xml
    # An unsigned request that names no operation is one to S3.
    return _json if service else _s3


def _json(error: AwsError, call: Call, _request_id: str) -> Response:
    document = {
        "__type": error.shape,
        "message": error.message,
        "Message": error.message,
    } | error.fields
    sent = call.headers.get("content-type", "")
    headers = {
        "Content-Type": sent if sent.startswith("application/x-amz-json") else _JSON,
        "x-amzn-ErrorType": error.shape,
    }
    return Response(error.status, headers, json.dumps(document).encode())


def _xml(error: AwsError, _call: Call, request_id: str) -> Response:
    body = (
        f"<ErrorResponse><Error><Type>{_fault(error)}</Type>{_code_and_message(error)}</Error>"
        f"<RequestId>{request_id}</RequestId></ErrorResponse>"
    )
    return _xml_response(error, body)


def _old_query(error: AwsError, _call: Call, request_id: str) -> Response:
    body = (
        f"<Response><Errors><Error>{_code_and_message(error)}</Error></Errors>"
        f"<RequestID>{request_id}</RequestID></Response>"
    )
    return _xml_response(error, body)


def _s3(error: AwsError, _call: Call, request_id: str) -> Response:
    body = f"<Error>{_code_and_message(error)}<RequestId>{request_id}</RequestId></Error>"
    return _xml_response(error, body, {"x-amz-request-id": request_id})


def _xml_response(error: AwsError, body: str, more: Mapping[str, str] | None = None) -> Response:
    document = f'<?xml version="1.0" encoding="UTF-8"?>\n{body}'
    headers = {"Content-Type": "text/xml", **(more or {})}
    return Response(error.status, headers, document.encode())


def _code_and_message(error: AwsError) -> str:
    return f"<Code>{_text(error.code)}</Code><Message>{_text(error.message)}</Message>"


def _text(value: str) -> str:
    return escape(_NOT_XML.sub("\N{REPLACEMENT CHARACTER}", value))


def _fault(error: AwsError) -> str:
    return "Sender" if error.status < 500 else "Receiver"


def _cbor(error: AwsError, _call: Call, _request_id: str) -> Response:
    body = cbor.encode({"__type": error.shape, "message": error.message})
    headers = {"Content-Type": "application/cbor", "smithy-protocol": "rpc-v2-cbor"}
    return Response(error.status, headers, body)
