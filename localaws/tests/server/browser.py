"""A web page as a browser runs it: what it may send to another origin, and what it may read.

The rules are those of https://fetch.spec.whatwg.org and https://www.w3.org/TR/fetch-metadata.
"""

from __future__ import annotations

import http.client
from collections.abc import Mapping
from dataclasses import dataclass, field
from urllib.parse import urlsplit

SAFE_METHODS = {"GET", "HEAD", "POST"}
SAFE_HEADERS = {"accept", "accept-language", "content-language"}
SAFE_TYPES = ("application/x-www-form-urlencoded", "multipart/form-data", "text/plain")


class BlockedError(Exception):
    """The browser did not send the request, because of the answer to its preflight request."""


@dataclass
class Answer:
    status: int
    headers: dict[str, str]
    body: bytes
    """What the server sent."""
    readable: bool
    """Whether the page's script sees it."""


@dataclass
class Page:
    """A page of ``origin`` that sends requests to the server at ``endpoint_url``.

    Args:
        host: the name by which the page addresses the server, where it is not that of the URL.
        site: how the browser classifies the request: cross-site, same-site, same-origin or none.
    """

    endpoint_url: str
    origin: str | None
    host: str | None = None
    site: str = "cross-site"
    sent: list[str] = field(default_factory=list)
    """The methods that were sent, preflight requests included."""

    def fetch(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """``fetch(url)``: with a preflight request where the browser asks first."""
        headers = dict(headers or {})
        asked = sorted(name.lower() for name, value in headers.items() if not _is_safe(name, value))
        if self.origin and (method not in SAFE_METHODS or asked):
            self._preflight(method, path, asked)
        if self.origin:
            headers["Origin"] = self.origin
        return self._send(method, path, headers, body, mode="cors")

    def fetch_no_cors(self, method: str, path: str, content_type: str, body: bytes) -> Answer:
        """``fetch(url, {mode: "no-cors"})``, an image, a script: sent at once, but never readable."""
        headers = {"Content-Type": content_type} if body else {}
        if self.origin and method != "GET":
            headers["Origin"] = self.origin
        return self._send(method, path, headers, body, mode="no-cors")

    def submit_form(self, path: str, content_type: str, body: bytes) -> Answer:
        """A ``<form method="post">`` that submits itself."""
        headers = {"Content-Type": content_type, "Origin": self.origin or "null"}
        return self._send("POST", path, headers, body, mode="navigate")

    def follow_link(self, path: str) -> Answer:
        """A link, or an address that a person types."""
        return self._send("GET", path, {}, b"", mode="navigate")

    def _preflight(self, method: str, path: str, asked: list[str]) -> None:
        headers = {"Origin": self.origin or "", "Access-Control-Request-Method": method}
        if asked:
            headers["Access-Control-Request-Headers"] = ",".join(asked)
        answer = self._send("OPTIONS", path, headers, b"", mode="cors")
        methods = _names(answer.headers.get("access-control-allow-methods", ""))
        allowed = _names(answer.headers.get("access-control-allow-headers", "").lower())
        # The wildcard does not cover Authorization.
        missing = [
            n for n in asked if n not in allowed and ("*" not in allowed or n == "authorization")
        ]
        if not (200 <= answer.status < 300 and answer.readable):
            raise BlockedError(f"the preflight request was answered with {answer.status}")
        if method not in SAFE_METHODS | methods or missing:
            raise BlockedError(f"not allowed: {method} {missing}")

    def _send(
        self, method: str, path: str, headers: dict[str, str], body: bytes, mode: str
    ) -> Answer:
        self.sent.append(method)
        address = urlsplit(self.endpoint_url)
        assert address.hostname
        connection = http.client.HTTPConnection(address.hostname, address.port, timeout=30)
        connection.putrequest(method, path, skip_host=True)
        for name, value in {
            "Host": self.host or address.netloc,
            "Content-Length": str(len(body)),
            "Sec-Fetch-Site": self.site,
            "Sec-Fetch-Mode": mode,
            **headers,
        }.items():
            connection.putheader(name, value)
        connection.endheaders(body or None)
        answer = connection.getresponse()
        received = {name.lower(): value for name, value in answer.getheaders()}
        content = answer.read()
        connection.close()
        allowed = received.get("access-control-allow-origin")
        readable = self.site == "same-origin" or (mode == "cors" and allowed in {"*", self.origin})
        return Answer(answer.status, received, content, readable)


def _is_safe(name: str, value: str) -> bool:
    if name.lower() == "content-type":
        return value.split(";")[0] in SAFE_TYPES
    return name.lower() in SAFE_HEADERS


def _names(text: str) -> set[str]:
    return {name.strip() for name in text.split(",") if name.strip()}
