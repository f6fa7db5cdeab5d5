"""Foreign pages, foreign names and browsers without the cookie get nothing from the console."""

from __future__ import annotations

import pytest

from tests.unit.console.fakes import HOST, ORIGIN, Console, content

PATHS = ("/", "/runs", "/js/app.js", "/api/runs", "/api/session")


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize(
    "host", ["", "evil.example", "127.0.0.1", "127.0.0.1:80", f"{HOST}.evil.example", "[::1]:8470"]
)
def test_another_host_is_refused_on_every_path(console: Console, path: str, host: str) -> None:
    answer = console.respond("GET", path, {"host": host, "cookie": console.cookie})

    assert answer.status == 421
    assert f"Host is {host!r}" in content(answer)["error"]


@pytest.mark.parametrize("path", PATHS)
@pytest.mark.parametrize("method", ["GET", "POST"])
@pytest.mark.parametrize(
    "origin", ["null", "https://evil.example", "http://127.0.0.1:9999", f"https://{HOST}"]
)
def test_another_origin_is_refused_on_every_path(
    console: Console, path: str, method: str, origin: str
) -> None:
    headers = {"host": HOST, "origin": origin, "cookie": console.cookie}

    answer = console.respond(method, path, headers)

    assert answer.status == 403
    assert "Access-Control-Allow-Origin" not in answer.headers


def test_a_change_needs_an_origin(console: Console) -> None:
    answer = console.respond("POST", "/api/runs", {"host": HOST, "cookie": console.cookie})

    assert (answer.status, console.pipeline.calls) == (403, [])


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_port_cannot_read(console: Console, site: str) -> None:
    headers = {"host": HOST, "cookie": console.cookie, "sec-fetch-site": site}

    assert console.respond("GET", "/api/runs", headers).status == 403
    # A link to a page works from everywhere: it holds no data.
    assert console.respond("GET", "/runs", headers).status == 200


@pytest.mark.parametrize(
    "cookie", ["", "console_8470=", "console_8470=secret-9", "other=secret-2", 'a="'],
)  # fmt: skip
@pytest.mark.parametrize("path", ["/api/runs", "/api/events", "/api/unknown"])
def test_without_the_cookie_the_api_answers_nothing(
    console: Console, path: str, cookie: str
) -> None:
    answer = console.respond("GET", path, {"host": HOST, "cookie": cookie})

    assert answer.status == 401
    assert "open the URL" in content(answer)["error"]


def test_a_token_signs_in_once(console: Console) -> None:
    used = {"token": console.urls[0].rpartition("token=")[2]}

    again = console.respond("GET", "/", {"host": HOST}, query=used)
    with_cookie = console.respond("GET", "/", {"host": HOST, "cookie": console.cookie}, query=used)
    wrong = console.respond("GET", "/", {"host": HOST}, query={"token": "guessed"})

    assert (again.status, with_cookie.status, wrong.status) == (401, 303, 401)
    assert "Set-Cookie" not in {**again.headers, **with_cookie.headers, **wrong.headers}
    # A new link is printed, which signs another browser in.
    assert len(console.urls) == 2
    assert console.sign_in() != console.cookie


def test_the_cookie_is_strict_and_the_token_leaves_the_address(console: Console) -> None:
    token = console.urls[-1].rpartition("token=")[2]

    answer = console.respond("GET", "/runs/1", {"host": HOST}, query={"token": token})

    assert answer.headers["Location"] == "/runs/1"
    assert answer.headers["Set-Cookie"].endswith("; Path=/; HttpOnly; SameSite=Strict")


def test_a_token_is_no_key_to_the_api(console: Console) -> None:
    token = console.urls[-1].rpartition("token=")[2]

    assert console.respond("GET", "/api/runs", {"host": HOST}, query={"token": token}).status == 401


@pytest.mark.parametrize("path", ["/", "/runs", "/api/session", "/api/unknown", "/no.js"])
def test_every_response_has_a_strict_policy(console: Console, path: str) -> None:
    headers = console.respond("GET", path, {"host": HOST, "cookie": console.cookie}).headers

    policy = dict(
        part.strip().partition(" ")[::2] for part in headers["Content-Security-Policy"].split(";")
    )
    assert policy["default-src"] == "'none'"
    assert (policy["script-src"], policy["style-src"]) == ("'self'", "'self'")
    assert policy["frame-ancestors"] == "'none'"
    assert "unsafe" not in headers["Content-Security-Policy"]
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Cross-Origin-Resource-Policy"] == "same-origin"


def test_the_same_origin_may_use_either_name(console: Console) -> None:
    headers = {
        "host": "localhost:8470",
        "cookie": console.cookie,
        "origin": "http://localhost:8470",
    }

    assert console.respond("GET", "/api/runs", headers).status == 200
    assert console.respond("GET", "/api/runs", {**headers, "origin": ORIGIN}).status == 403
