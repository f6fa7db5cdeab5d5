"""The place where the commands of a build run: one shell with a private file system, and its processes."""

from __future__ import annotations

import re
import shlex
import subprocess
import threading
from collections.abc import Callable, Sequence
from typing import IO, Final

from localaws.core.context import Context
from localaws.core.output import OutputPump
from localaws.core.processes import kill_processes_with_variable
from localaws.services.codebuild.errors import PhaseError
from localaws.services.codebuild.machine import ROOT, Directories

SCRIPT: Final = f"{ROOT}/output/tmp/script.sh"
MARK: Final = "LOCALAWS_BUILD"
_TEMPORARY: Final = f"{ROOT}/output/tmp"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Variables of the shell itself, and of this file.
_NOT_KEPT: Final = frozenset({"_", "SHLVL", "PWD", "OLDPWD", MARK, "localaws_status"})

# Reads "<shell> <user>" for each command, runs the script, and writes its exit status to the standard error.
AGENT: Final = """
exec 3>&2 2>&1
echo ready >&3
while read -r shell user; do
  if [ "$user" = root ]; then
    env -i "LOCALAWS_BUILD=$LOCALAWS_BUILD" "/bin/$shell" /codebuild/output/tmp/script.sh </dev/null 3>&-
  else
    env -i "LOCALAWS_BUILD=$LOCALAWS_BUILD" setpriv --reuid "$user" --regid "$user" --init-groups \\
      "/bin/$shell" /codebuild/output/tmp/script.sh </dev/null 3>&-
  fi
  echo $? >&3
done
"""


class SessionEndedError(Exception):
    """The session was ended while a command ran, or before it."""


class Session:
    """Runs one command after the other. Variables and the working directory carry over.

    Args:
        context: has the process table.
        directories: those of the build.
        command: the command line of :data:`AGENT`.
        path: ``PATH`` of the agent itself.
        on_line: gets each line of the output.
    """

    def __init__(
        self,
        context: Context,
        directories: Directories,
        command: Sequence[str],
        path: str,
        mark: str,
        on_line: Callable[[str], None],
    ) -> None:
        self._context = context
        self._temporary = directories.codebuild / "output/tmp"
        self._mark = mark
        self._ended = threading.Event()
        self.variables: dict[str, str] = {}
        self.directory = ROOT
        try:
            self._process = context.processes.spawn(
                command,
                env={"PATH": path, MARK: mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise PhaseError(
                "INTERNAL_SERVICE_ERROR", f"the build cannot start: {error}"
            ) from error
        assert self._process.stdout is not None
        self._output = OutputPump(self._process.stdout, on_line)
        self._wait_until_ready()

    def run(self, command: str, shell: str, user: str = "root") -> int:
        """Run one command and wait for it. Returns its exit status.

        Raises:
            SessionEndedError: the session was ended.
        """
        self._write_script(command, shell)
        for name in ("env", "cwd"):
            (self._temporary / name).unlink(missing_ok=True)
        answer = self._ask(f"{shell} {user}\n")
        self._output.drain()
        self._read_state()
        return int(answer)

    def end(self) -> None:
        """End the session with every process that it started. May be called from any thread, repeatedly."""
        self._ended.set()
        self._context.processes.terminate(self._process, 0)
        kill_processes_with_variable(MARK, self._mark)

    def close(self) -> None:
        """End the session and read the last lines."""
        self.end()
        self._output.close()
        for stream in (self._process.stdin, self._process.stderr):
            assert stream is not None
            try:
                stream.close()
            except BrokenPipeError:
                continue

    def _wait_until_ready(self) -> None:
        lines: list[str] = []
        for line in self._status:
            text = line.decode(errors="replace").strip()
            if text == "ready":
                return
            lines.append(text)
        self.close()
        raise PhaseError(
            "INTERNAL_SERVICE_ERROR", "the build has no file system of its own: " + " ".join(lines)
        )

    @property
    def _status(self) -> IO[bytes]:
        assert self._process.stderr is not None
        return self._process.stderr

    def _ask(self, line: str) -> str:
        if self._ended.is_set():
            raise SessionEndedError
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(line.encode())
            self._process.stdin.flush()
        except (BrokenPipeError, ValueError) as error:
            raise SessionEndedError from error
        answer = self._status.readline().decode().strip()
        if not answer or self._ended.is_set():
            raise SessionEndedError
        return answer

    def _write_script(self, command: str, shell: str) -> None:
        lines = [
            f"export {name}={shlex.quote(value)}"
            for name, value in self.variables.items()
            if _NAME.fullmatch(name)
        ]
        lines += [f"cd {shlex.quote(self.directory)} 2>/dev/null || :", "set -a"]
        text = "\n".join([*lines, ""])
        (self._temporary / "env.sh").write_bytes(text.encode(errors="surrogateescape"))
        # The text of the command begins in line 4, as in the messages of CodeBuild's shell.
        (self._temporary / "script.sh").write_text(
            f"#!/bin/{shell}\n"
            f". {_TEMPORARY}/env.sh\n"
            f"trap 'localaws_status=$?; /usr/bin/env -0 > {_TEMPORARY}/env; pwd > {_TEMPORARY}/cwd; "
            "exit $localaws_status' EXIT\n"
            f"{command}\n"
        )

    def _read_state(self) -> None:
        """Variables and directory after a command; unchanged when it replaced or killed its shell."""
        try:
            saved = (self._temporary / "env").read_bytes().decode(errors="surrogateescape")
            directory = (self._temporary / "cwd").read_text().removesuffix("\n")
        except FileNotFoundError:
            return
        pairs = (item.partition("=") for item in saved.split("\0") if item)
        self.variables = {name: value for name, _, value in pairs if name not in _NOT_KEPT}
        self.directory = directory
