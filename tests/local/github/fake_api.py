"""The part of GitHub's REST API that the workflows use, in memory, on 127.0.0.1.

Each job has a token of its own with the permissions that its YAML names; a request beyond them is refused
as GitHub refuses it.
"""

from __future__ import annotations

import json
import re
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

REPOSITORY = "example-org/landing-zone"
BOT = {"login": "github-actions[bot]", "type": "Bot"}


@dataclass
class Repository:
    """What GitHub knows of the repository."""

    pulls: dict[int, dict[str, Any]] = field(default_factory=dict)
    commits: dict[str, dict[str, Any]] = field(default_factory=dict)
    permissions: dict[str, str] = field(default_factory=dict)
    comments: dict[int, list[dict[str, Any]]] = field(default_factory=dict)
    issues: dict[int, dict[str, Any]] = field(default_factory=dict)
    labels: dict[int, list[str]] = field(default_factory=dict)
    tokens: dict[str, Mapping[str, str]] = field(default_factory=dict)
    writes: list[tuple[str, str]] = field(default_factory=list)
    changed: list[str] = field(default_factory=list)
    next_id: int = 100

    def new_id(self) -> int:
        self.next_id += 1
        return self.next_id


class NotFoundError(LookupError):
    """There is nothing at this path."""


class Api:
    """Answers requests."""

    def __init__(self, repository: Repository) -> None:
        self.repository = repository

    def answer(
        self, method: str, path: str, query: Mapping[str, list[str]], body: Any
    ) -> tuple[int, Any]:
        repo = self.repository
        if method != "GET":
            repo.writes.append((method, path))
        match [method, *path.split("/")]:
            case ["GET", "pulls", number]:
                return 200, _item(repo.pulls, int(number))
            case ["GET", "collaborators", login, "permission"]:
                role = _item(repo.permissions, login)
                return 200, {"permission": role, "role_name": role, "user": {"login": login}}
            case ["GET", "commits", commit]:
                return 200, _item(repo.commits, commit)
            case ["GET", "commits", commit, "pulls"]:
                found = repo.pulls.values()
                return 200, [
                    p for p in found if commit in (p["merge_commit_sha"], p["head"]["sha"])
                ]
            case ["GET", "compare", _]:
                return 200, {"files": [{"filename": name} for name in repo.changed]}
            case ["GET", "git", "commits", commit]:
                return 200, _item(repo.commits, commit)["commit"]
            case ["GET", "issues", number, "comments"]:
                return 200, _page(repo.comments.get(int(number), []), query)
            case ["POST", "issues", number, "comments"]:
                new = {"id": repo.new_id(), "body": body["body"], "user": BOT, "html_url": "u"}
                repo.comments.setdefault(int(number), []).append(new)
                return 201, new
            case ["PATCH", "issues", "comments", number]:
                every = [c for comments in repo.comments.values() for c in comments]
                comment = next(c for c in every if c["id"] == int(number))
                return 200, {**_update(comment, body)}
            case ["GET", "issues"]:
                label, state = query["labels"][0], query["state"][0]
                issues = repo.issues.values()
                return 200, _page(
                    [i for i in issues if label in i["labels"] and i["state"] == state], query
                )
            case ["POST", "issues"]:
                number = repo.new_id()
                repo.issues[number] = {
                    **body, "number": number, "state": "open", "user": BOT, "html_url": "u",
                }  # fmt: skip
                return 201, repo.issues[number]
            case ["PATCH", "issues", number]:
                return 200, _update(_item(repo.issues, int(number)), body)
            case ["POST", "issues", number, "labels"]:
                repo.labels.setdefault(int(number), []).extend(body["labels"])
                return 200, []
            case ["DELETE", "issues", number, "labels", label]:
                labels = repo.labels.get(int(number), [])
                if label not in labels:
                    raise NotFoundError(label)
                labels.remove(label)
                return 200, []
        raise NotFoundError(f"{method} {path}")


def needed(method: str, path: str) -> tuple[tuple[str, ...], str]:
    """The permissions of which one is needed, and the level."""
    level = "read" if method == "GET" else "write"
    if path.startswith(("pulls/",)) or path.endswith("/pulls"):
        return ("pull-requests",), level
    if path.startswith("collaborators/"):
        return ("metadata",), level
    if path.startswith(("commits/", "compare/", "git/")):
        return ("contents",), level
    if path == "issues" or re.fullmatch(r"issues/\d+", path):
        return ("issues",), level
    return ("issues", "pull-requests"), level


def may(permissions: Mapping[str, str], method: str, path: str) -> bool:
    """Whether a token with these permissions may do this. Every token may read metadata."""
    names, level = needed(method, path)
    granted = {"metadata": "read", **permissions}
    allowed = {"write"} if level == "write" else {"read", "write"}
    return any(granted.get(name) in allowed for name in names)


def _item(items: Mapping[Any, Any], key: Any) -> Any:
    if key not in items:
        raise NotFoundError(str(key))
    return items[key]


def _update(item: dict[str, Any], body: Mapping[str, Any]) -> dict[str, Any]:
    item.update(body)
    return item


def _page(items: list[Any], query: Mapping[str, list[str]]) -> list[Any]:
    size, page = int(query["per_page"][0]), int(query["page"][0])
    return items[(page - 1) * size : page * size]


class FakeGitHub:
    """The API on a port of 127.0.0.1."""

    def __init__(self) -> None:
        self.repository = Repository()
        self._lock = threading.Lock()
        owner = self

        class Handler(BaseHTTPRequestHandler):
            def _handle(self) -> None:
                length = int(self.headers.get("Content-Length") or 0)
                body = json.loads(self.rfile.read(length) or b"null")
                url = urlsplit(self.path)
                token = self.headers.get("Authorization", "").removeprefix("Bearer ")
                status, answer = owner.handle(
                    self.command, url.path, parse_qs(url.query), token, body
                )
                payload = json.dumps(answer).encode()
                self.send_response(status)
                self.send_header("Content-Type", "application/json")
                self.send_header("Content-Length", str(len(payload)))
                self.end_headers()
                self.wfile.write(payload)

            do_GET = do_POST = do_PATCH = do_DELETE = _handle  # noqa: N815 - names of http.server

            def log_message(self, *_: Any) -> None:
                """Nothing: the test prints what act printed."""

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self._server.server_port}"
        self._thread = threading.Thread(target=self._server.serve_forever, daemon=True)
        self._thread.start()

    def handle(
        self, method: str, path: str, query: Mapping[str, list[str]], token: str, body: Any
    ) -> tuple[int, Any]:
        with self._lock:
            permissions = self.repository.tokens.get(token)
            if permissions is None:
                return 401, {"message": "Bad credentials"}
            path = path.removeprefix(f"/repos/{REPOSITORY}/")
            if not may(permissions, method, path):
                return 403, {"message": "Resource not accessible by integration"}
            try:
                return Api(self.repository).answer(method, path, query, body)
            except NotFoundError as error:
                return 404, {"message": f"Not Found: {error}"}

    def close(self) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
