"""The files of the page: HTML, style sheets, ES modules."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

from console.web.messages import Request, RequestError, Response

FOLDER = Path(__file__).resolve().parents[1] / "static"
_KINDS = {
    ".html": "text/html; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
}


@dataclass(frozen=True)
class Static:
    """Answers with a file, or with the page for every other path: the page shows what the path names."""

    folder: Path = FOLDER

    @cached_property
    def _files(self) -> dict[str, Path]:
        return {
            f"/{path.relative_to(self.folder).as_posix()}": path
            for path in self.folder.rglob("*")
            if path.is_file() and path.suffix in _KINDS
        }

    def respond(self, request: Request) -> Response:
        if request.method != "GET":
            raise RequestError(f"{request.path} has no {request.method}; allowed: GET", 405)
        path = self._files.get(request.path)
        if path is None:
            if "." in request.path.rpartition("/")[2]:
                raise RequestError(f"{request.path} does not exist", 404)
            path = self.folder / "index.html"
        content = path.read_bytes()
        headers = {
            "Content-Type": _KINDS[path.suffix],
            "Cache-Control": "no-cache",
            "ETag": f'"{hashlib.sha256(content).hexdigest()[:20]}"',
        }
        if request.headers.get("if-none-match") == headers["ETag"]:
            return Response(304, headers=headers)
        return Response(200, content, headers)
