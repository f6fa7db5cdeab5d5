"""Who may ask: the browser that holds the cookie, and pages of the console only.

A page of another site can make a browser send requests to 127.0.0.1, and a name in DNS can be made to point
there. Against that:

- Host must name this server, which a page that was loaded under another name cannot do (DNS rebinding).
- Origin must be this server wherever a browser sends it, and always for requests that change something.
- Everything below /api/ needs the cookie, which is given in exchange for the token in the printed URL. Other
  paths hold only the program of the pages, which is public.
- The cookie is SameSite=Strict and HttpOnly. Ports of one host count as the same site, so a page of another
  server on this machine is refused by its Origin, and by Sec-Fetch-Site.
"""

from __future__ import annotations

import hmac
import secrets
import threading
from collections import deque
from collections.abc import Callable
from http.cookies import CookieError, SimpleCookie
from urllib.parse import urlencode

from console.web.messages import Request, RequestError, Response

API = "/api/"
_READING = {"GET", "HEAD"}
# Browsers that can be signed in at the same time; the oldest is signed out.
_MOST_SESSIONS = 8

_CSP = "; ".join(
    (
        "default-src 'none'",
        "script-src 'self'",
        "style-src 'self'",
        "img-src 'self' data:",
        "connect-src 'self'",
        "frame-src 'self'",
        "form-action 'none'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
# For every response; a response may bring another Content-Security-Policy.
SECURITY_HEADERS = {
    "Content-Security-Policy": _CSP,
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "SAMEORIGIN",
}


class Guard:
    """Checks each request, and exchanges tokens for cookies.

    Args:
        port: the port of this server.
        announce: prints the URL with a new token, once at the start and after each exchange.
        secret: makes tokens.
    """

    def __init__(
        self,
        port: int,
        announce: Callable[[str], None],
        secret: Callable[[], str] = lambda: secrets.token_urlsafe(32),
    ) -> None:
        self._hosts = {f"127.0.0.1:{port}", f"localhost:{port}"}
        self._cookie = f"console_{port}"
        self._port = port
        self._announce = announce
        self._secret = secret
        self._lock = threading.Lock()
        self._sessions: deque[str] = deque(maxlen=_MOST_SESSIONS)
        self._token = ""
        self._new_token()

    @property
    def url(self) -> str:
        """Where the console is, with the token that signs one browser in."""
        return f"http://127.0.0.1:{self._port}/?{urlencode({'token': self._token})}"

    def check(self, request: Request) -> None:
        """Raise RequestError for a request that must not be served."""
        self._check_host(request)
        self._check_origin(request)
        if request.path.startswith(API) and not self._is_signed_in(request):
            raise RequestError(
                "this browser is not signed in: open the URL that the console has printed in its terminal",
                401,
            )

    def exchange(self, request: Request) -> Response | None:
        """The cookie for a token in the URL; None where there is no token."""
        token = request.query.get("token")
        if token is None or request.method != "GET" or request.path.startswith(API):
            return None
        place = {"Location": request.path}
        with self._lock:
            if not hmac.compare_digest(token.encode(), self._token.encode()):
                if self._is_signed_in(request):
                    return Response(303, headers=place)
                raise RequestError(
                    "this link has been used or is not of this console: open the newest URL that the console "
                    "has printed in its terminal",
                    401,
                )
            session = self._secret()
            self._sessions.append(session)
        self._new_token()
        cookie = f"{self._cookie}={session}; Path=/; HttpOnly; SameSite=Strict"
        return Response(303, headers={**place, "Set-Cookie": cookie})

    def _check_host(self, request: Request) -> None:
        host = request.headers.get("host", "")
        if host not in self._hosts:
            allowed = ", ".join(sorted(self._hosts))
            raise RequestError(f"Host is {host!r}; allowed: {allowed}", 421)

    def _check_origin(self, request: Request) -> None:
        origin = request.headers.get("origin")
        expected = f"http://{request.headers.get('host', '')}"
        if origin is None and request.method not in _READING:
            raise RequestError(f"{request.method} needs the header Origin: {expected}", 403)
        if origin is not None and origin != expected:
            raise RequestError(f"Origin is {origin!r}; allowed: {expected}", 403)
        site = request.headers.get("sec-fetch-site", "none")
        if request.path.startswith(API) and site not in {"same-origin", "none"}:
            raise RequestError(f"Sec-Fetch-Site is {site!r}; allowed: same-origin", 403)

    def _is_signed_in(self, request: Request) -> bool:
        try:
            cookies = SimpleCookie(request.headers.get("cookie", ""))
        except CookieError:
            return False
        found = cookies[self._cookie].value if self._cookie in cookies else ""
        sessions = [*self._sessions]
        return any(hmac.compare_digest(found.encode(), session.encode()) for session in sessions)

    def _new_token(self) -> None:
        self._token = self._secret()
        self._announce(self.url)
