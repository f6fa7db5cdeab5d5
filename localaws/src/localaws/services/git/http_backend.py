"""Runs ``git http-backend``, Git's own server, for one request.

The body of a request goes to a file first. A push therefore holds the lock of its repository only while Git
works, not while a slow client sends. The answer is streamed from the process, so no pack is ever in memory as
a whole.
"""

from __future__ import annotations

import logging
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Final

from localaws.core.body import RequestBody
from localaws.core.call import Call
from localaws.core.processes import ProcessTable
from localaws.services.git.commands import environment, http_backend

_CHUNK: Final = 1 << 16
_GRACE_SECONDS: Final = 2.0
_log = logging.getLogger(__name__)


class Answer:
    """What Git answers: status, headers, and a body that is read while Git writes it.

    It has to be closed, whether it was read or not.
    """

    def __init__(
        self,
        process: subprocess.Popen[bytes],
        processes: ProcessTable,
        request: IO[bytes],
        errors: IO[bytes],
    ) -> None:
        assert process.stdout
        self._process = process
        self._processes = processes
        self._output = process.stdout
        self._files = (request, errors, process.stdout)
        self._errors = errors
        self._ended = False
        self._closed = False
        self.status = "200 OK"
        self.headers: list[tuple[str, str]] = []
        while line := self._output.readline().decode("latin-1").rstrip("\r\n"):
            name, _, value = line.partition(":")
            if name.lower() == "status":
                self.status = value.strip()
            else:
                self.headers.append((name, value.strip()))

    def __iter__(self) -> Iterator[bytes]:
        # read1: what Git has written so far, for example its progress, is sent at once.
        while chunk := self._output.read1(_CHUNK):  # type: ignore[attr-defined]
            yield chunk
        self._ended = True

    def close(self) -> None:
        """End Git, which has nobody left to write to, and remove the files."""
        if self._closed:
            return
        self._closed = True
        if self._ended:
            code = self._process.wait()
            if code:
                self._errors.seek(0)
                printed = self._errors.read().decode(errors="replace").strip()
                _log.warning("git http-backend: exit code %s: %s", code, printed)
        else:
            self._processes.terminate(self._process, _GRACE_SECONDS)
        for file in self._files:
            file.close()


def save(body: RequestBody, folder: Path) -> IO[bytes]:
    """The body of a request in a file that vanishes when it is closed."""
    file = tempfile.TemporaryFile(dir=folder)  # noqa: SIM115 - the caller closes it
    while chunk := body.read(_CHUNK):
        file.write(chunk)
    file.seek(0)
    return file


def serve(
    repository: Path, call: Call, action: str, body: IO[bytes], user: str, processes: ProcessTable
) -> Answer:
    """Let Git answer a request.

    Args:
        repository: the bare repository.
        call: the request.
        action: what follows the repository in its path, for example ``/info/refs``.
        body: its body. It is closed at the end of the answer.
        user: who asks, for the log of Git.
        processes: where the process is started.

    Raises:
        AwsError: Git is not installed.
    """
    errors = tempfile.TemporaryFile()  # noqa: SIM115 - closed at the end of the answer
    process = processes.spawn(
        [http_backend()],
        env=environment() | _cgi_variables(repository, call, action, body, user),
        stdin=body,
        stdout=subprocess.PIPE,
        stderr=errors,
    )
    return Answer(process, processes, body, errors)


def _cgi_variables(
    repository: Path, call: Call, action: str, body: IO[bytes], user: str
) -> dict[str, str]:
    body.seek(0, 2)
    length = body.tell()
    body.seek(0)
    return {
        "GATEWAY_INTERFACE": "CGI/1.1",
        "GIT_PROJECT_ROOT": str(repository.parent),
        "GIT_HTTP_EXPORT_ALL": "1",
        "PATH_INFO": f"/{repository.name}{action}",
        "REQUEST_METHOD": call.method,
        "QUERY_STRING": "&".join(
            f"{key}={value}" for key, value in call.query.items() if key == "service"
        ),
        "CONTENT_TYPE": call.headers.get("content-type", ""),
        "CONTENT_LENGTH": str(length),
        "HTTP_CONTENT_ENCODING": call.headers.get("content-encoding", ""),
        "GIT_PROTOCOL": call.headers.get("git-protocol", ""),
        "REMOTE_USER": user,
        "REMOTE_ADDR": "127.0.0.1",
    }
