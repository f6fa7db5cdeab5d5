"""A repository of GitHub in memory."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from landing_zone.github.api import NotFoundError


class FakeApi:
    """Answers GET by path, and records what is sent."""

    def __init__(self, answers: Mapping[str, Any] | None = None) -> None:
        self.answers = dict(answers or {})
        self.sent: list[tuple[str, str, Any]] = []

    def get(self, path: str) -> Any:
        if path not in self.answers:
            raise NotFoundError(f"GitHub answered 404 to GET {path}")
        return self.answers[path]

    def send(self, method: str, path: str, body: Mapping[str, Any]) -> Any:
        self.sent.append((method, path, dict(body)))
        if method == "DELETE" and path not in self.answers:
            raise NotFoundError(f"GitHub answered 404 to DELETE {path}")
        return {"html_url": f"https://github.example/{path}"}

    def pages(self, path: str) -> Iterator[dict[str, Any]]:
        yield from self.answers.get(path, [])
