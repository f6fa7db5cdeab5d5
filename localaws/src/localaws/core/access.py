"""Who may use localaws: programs of the same user, not web pages and not other users of the machine.

A call can run any program, so a server on 127.0.0.1 needs the checks that a browser and the kernel make
possible. A web page reaches every port of the machine: directly, or by a name of its own site that it lets
resolve to 127.0.0.1 (DNS rebinding). A browser states the page's origin and the name it was given, and a page
cannot change either. AWS clients send neither ``Origin`` nor ``Sec-Fetch-Site``.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit

from localaws.core import peer
from localaws.core.call import Call
from localaws.core.errors import AwsError

# .localhost is reserved (RFC 6761): nobody can register a name in it, and browsers resolve each to loopback
# without asking DNS. So no page of another site can have such a name.
_LOCAL_HOSTS: Final = ("127.0.0.1", "[::1]", "localhost", ".localhost")
EXECUTE_API_HOST: Final = (
    r"(?P<api>[a-z0-9]+)\.execute-api\.(?P<region>[a-z0-9-]+)"
    r"\.(amazonaws\.com|localhost\.localstack\.cloud)(:\d+)?"
)
"""The host of an API of API Gateway. No web page can let such a name resolve to this machine."""
_HOST = re.compile(r"\.?[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:]+\]")
_PREFLIGHT_SECONDS: Final = 600


class SettingError(ValueError):
    """A setting has a value that it must not have."""


@dataclass(frozen=True)
class AccessPolicy:
    """Which calls are answered.

    Args:
        allowed_origins: web origins whose pages may use this server.
        allowed_hosts: names of this server besides the local ones; ``.name`` includes what is below it.
        allow_other_users: whether every user of the machine may use this server.
    """

    allowed_origins: frozenset[str] = frozenset()
    allowed_hosts: frozenset[str] = frozenset()
    allow_other_users: bool = False

    @classmethod
    def from_environment(cls, environ: Mapping[str, str]) -> AccessPolicy:
        """The policy that the settings in the environment describe.

        Raises:
            SettingError: a value is not allowed.
        """
        others = environ.get("LOCALAWS_ALLOW_OTHER_USERS", "")
        if others not in {"", "0", "1"}:
            raise SettingError(
                f"LOCALAWS_ALLOW_OTHER_USERS is {others!r}, but must be 1 (every user of this machine "
                "may use localaws) or 0."
            )
        return cls(
            frozenset(_origins(environ.get("LOCALAWS_ALLOWED_ORIGINS", ""))),
            frozenset(_hosts(environ.get("LOCALAWS_ALLOWED_HOSTS", ""))),
            others == "1",
        )

    def check_peer(self, uid: int | None) -> None:
        """Refuse a connection of another user.

        Args:
            uid: the user at the other end of the connection; None when the client has closed it.

        Raises:
            AwsError: AccessDeniedException.
        """
        if self.allow_other_users or not peer.IS_SUPPORTED:
            return
        own = os.getuid()
        # Root can do anything as this user anyway.
        if uid in {own, 0}:
            return
        if uid is None:
            raise _denied("The client has closed the connection, so its user is not known.")
        raise _denied(
            f"This connection is from user {uid}. localaws runs as user {own} and answers that user and "
            f"root only, because whoever calls it can run programs as user {own}. To let every user of "
            "this machine do so, start it with LOCALAWS_ALLOW_OTHER_USERS=1."
        )

    def check_headers(self, headers: Mapping[str, str]) -> None:
        """Refuse a request of a web page, and a request to a name that is not one of this server.

        Args:
            headers: the values by header name in lower case.

        Raises:
            AwsError: AccessDeniedException.
        """
        host = headers.get("host", "")
        if not self._is_own_host(host):
            raise _denied(
                f"The request is for the host {host!r}. localaws answers requests for 127.0.0.1, "
                "localhost and names below .localhost. For another name of this machine, start it with "
                "LOCALAWS_ALLOWED_HOSTS=<name>."
            )
        origin = headers.get("origin")
        if origin is None:
            # Browsers send no Origin with links, images and scripts.
            if headers.get("sec-fetch-site", "none") not in {"none", "same-origin"}:
                raise _denied(
                    "The request is from a web page of another origin. Open the address directly, or "
                    "use an AWS client."
                )
        elif origin not in self.allowed_origins and not _is_same_origin(origin, host):
            raise _denied(
                f"The request is from a web page of the origin {origin!r}. To let its pages use localaws, "
                "and run programs on this machine, start it with LOCALAWS_ALLOWED_ORIGINS=<origin>."
            )

    def cors_headers(self, call: Call) -> dict[str, str]:
        """The headers with which a browser lets a page of an allowed origin send and read."""
        origin = call.headers.get("origin", "")
        if origin not in self.allowed_origins:
            return {}
        headers = {"Access-Control-Allow-Origin": origin, "Vary": "Origin"}
        if not is_preflight(call):
            return headers | {"Access-Control-Expose-Headers": "*"}
        return headers | {
            "Access-Control-Allow-Methods": call.headers["access-control-request-method"],
            "Access-Control-Allow-Headers": call.headers.get("access-control-request-headers", ""),
            "Access-Control-Max-Age": str(_PREFLIGHT_SECONDS),
        }

    def _is_own_host(self, host: str) -> bool:
        if re.fullmatch(EXECUTE_API_HOST, host.lower()):
            return True
        # Any port: a tunnel or a container may have given this server another one.
        name = re.sub(r":\d*$", "", host.lower())
        return any(
            name.endswith(own) and len(name) > len(own) if own.startswith(".") else name == own
            for own in (*_LOCAL_HOSTS, *self.allowed_hosts)
        )


def is_preflight(call: Call) -> bool:
    """Whether a browser asks if a page may send a request."""
    return call.method == "OPTIONS" and "access-control-request-method" in call.headers


def _is_same_origin(origin: str, host: str) -> bool:
    return origin in {f"http://{host}", f"https://{host}"}


def _denied(message: str) -> AwsError:
    return AwsError("AccessDeniedException", message, status=403)


def _values(text: str) -> list[str]:
    return [value.strip() for value in text.split(",") if value.strip()]


def _origins(text: str) -> list[str]:
    found = _values(text)
    for value in found:
        parts = urlsplit(value)
        if parts.scheme not in {"http", "https"} or f"{parts.scheme}://{parts.netloc}" != value:
            raise SettingError(
                f"LOCALAWS_ALLOWED_ORIGINS contains {value!r}, but must list origins as a browser sends "
                "them, separated by commas, for example http://localhost:3000. A wildcard is not "
                "possible: it would let any web page run programs on this machine."
            )
    return found


def _hosts(text: str) -> list[str]:
    found = [value.lower() for value in _values(text)]
    for value in found:
        if not _HOST.fullmatch(value):
            raise SettingError(
                f"LOCALAWS_ALLOWED_HOSTS contains {value!r}, but must list host names without ports, "
                "separated by commas, for example build.example.com or .build.example.com for every name "
                "below it. A wildcard is not possible: any web page could then run programs on this "
                "machine."
            )
    return found
