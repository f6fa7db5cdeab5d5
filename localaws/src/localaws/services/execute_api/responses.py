"""What a Lambda function returns, as an answer of HTTP.

https://docs.aws.amazon.com/apigateway/latest/developerguide/http-api-develop-integrations-lambda.html
"""

from __future__ import annotations

import base64
import binascii
import json
from typing import Any, Final

from localaws.services.execute_api.request import Answer, Headers

_NO_STATUS: Final = (
    "The response from the Lambda function doesn't match the format that API Gateway expects."
)


class MalformedResponseError(ValueError):
    """The function has returned something that is no response; the text says what."""


def answer(payload: bytes, version: str) -> Answer:
    """The answer that a function has returned.

    Args:
        payload: what the function returned, as JSON.
        version: of the payload format. Format 2.0 takes a result without a status code for a body.

    Raises:
        MalformedResponseError: the result has no status code (1.0), or one of its members is wrong.
    """
    result = json.loads(payload or b"null")
    if version == "2.0" and not (isinstance(result, dict) and "statusCode" in result):
        text = result if isinstance(result, str) else payload.decode()
        return Answer(200, [("content-type", "application/json")], text.encode())
    if not isinstance(result, dict):
        raise MalformedResponseError(_NO_STATUS)
    status = _status(result.get("statusCode"))
    headers = _headers(result)
    if version == "2.0":
        headers += [("set-cookie", cookie) for cookie in _cookies(result.get("cookies"))]
    if not any(name == "content-type" for name, _ in headers):
        headers.append(("content-type", "text/plain; charset=utf-8"))
    return Answer(status, headers, _body(result))


def _status(value: Any) -> int:
    if isinstance(value, str) and value.isdecimal():
        value = int(value)
    if isinstance(value, bool) or not isinstance(value, int) or not 100 <= value <= 599:
        raise MalformedResponseError(f"{_NO_STATUS} statusCode is {value!r}.")
    return value


def _headers(result: dict[str, Any]) -> Headers:
    single, several = result.get("headers") or {}, result.get("multiValueHeaders") or {}
    if not isinstance(single, dict) or not isinstance(several, dict):
        raise MalformedResponseError(f"{_NO_STATUS} headers and multiValueHeaders must be objects.")
    found: Headers = []
    repeated = {str(name).lower() for name in several}
    for name, value in single.items():
        if name.lower() not in repeated:
            found.append((name.lower(), _text(value)))
    for name, values in several.items():
        if not isinstance(values, list):
            raise MalformedResponseError(f"{_NO_STATUS} multiValueHeaders.{name} must be a list.")
        found += [(name.lower(), _text(value)) for value in values]
    return [(name, value) for name, value in found if name not in _OWN]


# The gateway sets these itself.
_OWN: Final = frozenset({"connection", "content-length", "keep-alive", "transfer-encoding"})


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, dict | list) or value is None:
        raise MalformedResponseError(f"{_NO_STATUS} The value {value!r} of a header is no text.")
    text = str(value)
    if "\r" in text or "\n" in text:
        raise MalformedResponseError(
            f"{_NO_STATUS} The value {value!r} of a header has a line break."
        )
    return text


def _cookies(value: Any) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise MalformedResponseError(f"{_NO_STATUS} cookies must be a list.")
    return [_text(cookie) for cookie in value]


def _body(result: dict[str, Any]) -> bytes:
    body = result.get("body")
    if body is None:
        return b""
    if not isinstance(body, str):
        raise MalformedResponseError(f"{_NO_STATUS} body must be a string.")
    if not result.get("isBase64Encoded"):
        return body.encode()
    try:
        return base64.b64decode(body, validate=True)
    except binascii.Error as error:
        raise MalformedResponseError(f"{_NO_STATUS} body is not Base64.") from error
