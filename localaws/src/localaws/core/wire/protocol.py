"""The protocol of a request, for services whose clients speak more than one.

CloudWatch, for example, has three: query (older SDKs), JSON and rpc-v2-cbor (newer ones). The response has
the protocol of the request.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import Final
from urllib.parse import parse_qsl

from localaws.core.call import Call

_FORM: Final = "application/x-www-form-urlencoded"
_RPC_PATH: Final = re.compile(
    r"^/(?:[^/]+/)*service/(?P<service>[^/]+)/operation/(?P<operation>[^/]+)$"
)


class Protocol(Enum):
    """How the members of a request and of its response are written."""

    JSON = "json"
    """JSON and REST-JSON."""
    CBOR = "smithy-rpc-v2-cbor"
    QUERY = "query"


def protocol_of(call: Call) -> Protocol:
    """The protocol that a request is written in."""
    if call.headers.get("smithy-protocol") == "rpc-v2-cbor":
        return Protocol.CBOR
    if "x-amz-target" not in call.headers and (
        call.headers.get("content-type", "").startswith(_FORM)
        or {"Action", "Version"} <= call.query.keys()
    ):
        return Protocol.QUERY
    return Protocol.JSON


def form_of(call: Call) -> dict[str, str]:
    """The members of a request in the protocol query, from its query string and its body."""
    body = call.body.content().decode(errors="replace")
    return {**call.query, **dict(parse_qsl(body, keep_blank_values=True))}


def operation_name(call: Call, protocol: Protocol) -> str | None:
    """The operation that a request of the protocol query or rpc-v2-cbor names; None when it names none."""
    if protocol is Protocol.QUERY:
        return form_of(call).get("Action")
    found = _RPC_PATH.match(call.path)
    return found["operation"] if found else None
