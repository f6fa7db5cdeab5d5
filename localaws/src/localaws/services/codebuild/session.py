"""The place where the commands of a build run: one shell with a private file system, and its processes."""

from __future__ import annotations

import functools
import re
import shlex
import subprocess
import sys
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import IO, Final

from localaws.core.context import Context
from localaws.core.namespaces import NamespaceError, unshare_options
from localaws.core.output import OutputPump
from localaws.core.processes import kill_processes_with_variable
from localaws.services.codebuild.errors import PhaseError

ROOT: Final = "/codebuild"
HOME: Final = "/root"
SCRIPT: Final = f"{ROOT}/output/tmp/script.sh"
_MARK: Final = "LOCALAWS_BUILD"
_TEMPORARY: Final = f"{ROOT}/output/tmp"
_NAME = re.compile(r"[A-Za-z_][A-Za-z0-9_]*")
# Variables of the shell itself, and of this file.
_NOT_KEPT: Final = frozenset({"_", "SHLVL", "PWD", "OLDPWD", _MARK, "localaws_status"})

# Arguments: mount point, directories for /codebuild and /root, then the command. The file system of the
# machine, but for these two directories, is mounted below a tmpfs, which becomes the root.
_MOUNT = """
set -eu
stage=$1 codebuild=$2 home=$3
shift 3
PATH=/usr/sbin:/usr/bin:/sbin:/bin
mount -t tmpfs -o size=1m,mode=755 localaws "$stage"
for entry in /* /.[!.]*; do
  name=${entry##*/}
  if [ "$name" = codebuild ] || [ "$name" = root ]; then continue
  elif [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$stage/$name"
  elif [ -d "$entry" ]; then mkdir "$stage/$name"; mount --rbind "$entry" "$stage/$name"
  elif [ -e "$entry" ]; then : > "$stage/$name"; mount --bind "$entry" "$stage/$name"
  fi
done
mkdir "$stage/codebuild" "$stage/root"
mount --rbind "$codebuild" "$stage/codebuild"
mount --rbind "$home" "$stage/root"
cd "$stage"
pivot_root . .
umount -l .
cd /codebuild
exec "$@"
"""

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


@dataclass(frozen=True)
class Directories:
    """The directories of the machine behind those of a build."""

    base: Path

    @property
    def codebuild(self) -> Path:
        """Behind /codebuild."""
        return self.base / "codebuild"

    @property
    def home(self) -> Path:
        """Behind /root."""
        return self.base / "root"

    @property
    def stage(self) -> Path:
        """Where the root of the build is mounted. What is mounted there is not visible on the machine."""
        return self.base / "stage"

    def make(self) -> None:
        """Create them."""
        for directory in (self.stage, self.home, self.codebuild / "output/tmp",
                          self.codebuild / "readonly", self.codebuild / "bin"):  # fmt: skip
            directory.mkdir(parents=True, exist_ok=True)
        (self.codebuild / "output/tmp").chmod(0o1777)

    def host(self, path: str) -> Path | None:
        """Where an absolute path of the build is on the machine; None outside of /codebuild and /root."""
        for prefix, directory in ((ROOT, self.codebuild), (HOME, self.home)):
            if PurePosixPath(path).is_relative_to(prefix):
                return directory / PurePosixPath(path).relative_to(prefix)
        return None


@functools.cache
def _unshare() -> tuple[str, ...]:
    return unshare_options("a build", ROOT)


def host_command(directories: Directories, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` with the programs of this machine and the directories of a build.

    Raises:
        PhaseError: this machine cannot do it.
    """
    try:
        options = _unshare()
    except NamespaceError as error:
        raise PhaseError("INTERNAL_SERVICE_ERROR", str(error)) from error
    places = [str(p) for p in (directories.stage, directories.codebuild, directories.home)]
    # A change of user namespace clears the parent-death signal that the process table has set.
    rearm = ["setpriv", "--pdeathsig", "KILL", "--"] if "--user" in options else []
    return ["unshare", *options, "sh", "-c", _MOUNT, "sh", *places, *rearm, *argv]


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
                env={"PATH": path, _MARK: mark},
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
            )
        except OSError as error:
            raise PhaseError("INTERNAL_SERVICE_ERROR", f"the build cannot start: {error}") from error
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
        kill_processes_with_variable(_MARK, self._mark)

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


def docker_program(privileged: bool) -> str:
    """The program ``docker`` of a build."""
    if privileged:
        return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -m localaws.services.ecr.docker "$@"\n'
    return (
        "#!/bin/sh\n"
        'echo "Cannot connect to the Docker daemon at unix:///var/run/docker.sock. '
        'Is the docker daemon running?" >&2\n'
        "exit 1\n"
    )


_PASSED_ON: Final = (
    "LANG", "LC_ALL", "TZ", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY", "http_proxy", "https_proxy", "no_proxy",
    "SSL_CERT_FILE", "SSL_CERT_DIR", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "GIT_SSL_CAINFO",
    "NODE_EXTRA_CA_CERTS", "PIP_INDEX_URL", "PIP_EXTRA_INDEX_URL", "PIP_FIND_LINKS", "PIP_CERT",
    "PIP_CONFIG_FILE", "PIP_DEFAULT_TIMEOUT", "UV_INDEX_URL", "UV_DEFAULT_INDEX", "NPM_CONFIG_REGISTRY",
    "TF_CLI_CONFIG_FILE",
)  # fmt: skip


def machine_variables(environ: Mapping[str, str], directories: Directories) -> dict[str, str]:
    """How this machine reaches package indexes. A file below /root that a variable names is copied."""
    found = {name: environ[name] for name in _PASSED_ON if name in environ}
    for value in found.values():
        target = directories.host(value) if value.startswith(f"{HOME}/") else None
        if target is not None and Path(value).is_file():
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(Path(value).read_bytes())
    return found
