"""Between WSGI and the types of localaws. Only the server and the gateway use it."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl

from localaws.core.body import RequestBody
from localaws.core.call import Call, Response

Environ = dict[str, Any]
"""The description of a request in WSGI (PEP 3333), not the environment of a process."""
StartResponse = Callable[..., Any]
Application = Callable[[Environ, StartResponse], Iterable[bytes]]


def read_call(environ: Environ) -> Call:
    """The request of a WSGI environ. The body becomes ``wsgi.input``, so that moto reads the same stream."""
    # A chunked body ends by itself.
    ends_by_itself = environ.get("wsgi.input_terminated")
    length = None if ends_by_itself else int(environ.get("CONTENT_LENGTH") or 0)
    body = RequestBody(environ["wsgi.input"], length)
    environ["wsgi.input"] = body
    # PATH_INFO is decoded already, which turns an encoded slash in a label into a separator.
    target: str = environ.get("REQUEST_URI") or environ["PATH_INFO"]
    return Call(
        method=environ["REQUEST_METHOD"],
        path=target.split("?")[0],
        query=dict(parse_qsl(environ.get("QUERY_STRING", ""), keep_blank_values=True)),
        headers=_headers(environ),
        body=body,
        query_string=environ.get("QUERY_STRING", ""),
    )


def send(response: Response, start_response: StartResponse) -> list[bytes]:
    """Answer with a response whose payload is complete."""
    try:
        phrase = HTTPStatus(response.status).phrase
    except ValueError:
        # AWS has status codes of its own: 530 is SageMaker's InternalDependencyException.
        phrase = "Error"
    length = ("Content-Length", str(len(response.payload)))
    start_response(f"{response.status} {phrase}", [*response.headers.items(), length])
    return [response.payload]


def _headers(environ: Environ) -> dict[str, str]:
    headers = {
        name[5:].replace("_", "-").lower(): value
        for name, value in environ.items()
        if name.startswith("HTTP_")
    }
    for name in ("CONTENT_TYPE", "CONTENT_LENGTH"):
        if environ.get(name):
            headers[name.replace("_", "-").lower()] = environ[name]
    return headers
