"""Uploaded files: each in a folder of its own that is removed when the console ends."""

from __future__ import annotations

import re
import tempfile
import uuid
from pathlib import Path

from console.web.messages import Request, RequestError

_CHUNK = 1 << 20
_NAME = re.compile(r"[A-Za-z0-9][A-Za-z0-9._ -]{0,99}\.csv", re.IGNORECASE)


class Files:
    """The files of one console."""

    def __init__(self) -> None:
        self._folder = tempfile.TemporaryDirectory(prefix="console-")

    def close(self) -> None:
        self._folder.cleanup()

    def receive(self, request: Request) -> tuple[str, Path]:
        """Store the body of a request; returns the id of the file and its path."""
        name = request.text("name")
        if not _NAME.fullmatch(name):
            raise RequestError(
                f"the file is called {name!r}; allowed: letters, digits, spaces, . _ -, and .csv at the end"
            )
        if not request.length:
            raise RequestError(f"{name} is empty")
        identity = uuid.uuid4().hex
        path = Path(self._folder.name, identity, name)
        path.parent.mkdir()
        with path.open("wb") as file:
            while chunk := request.body.read(_CHUNK):
                file.write(chunk)
        return identity, path

    def find(self, identity: str) -> Path:
        """The file with this id."""
        folder = Path(self._folder.name, identity)
        if not re.fullmatch("[0-9a-f]{32}", identity) or not folder.is_dir():
            raise RequestError("the file is gone: upload it again", 404)
        return next(path for path in folder.iterdir() if path.is_file())
