"""What a build sees of this machine: its programs, with /codebuild and /root of the build's own."""

from __future__ import annotations

import functools
import os
import shlex
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

import localaws
from localaws.core.namespaces import NamespaceError, unshare_options
from localaws.services.codebuild.errors import PhaseError

ROOT: Final = "/codebuild"
HOME: Final = "/root"
_PACKAGES: Final = Path(localaws.__path__[0]).parent

# Arguments: mount point, directories for /codebuild and /root, directories of /root with programs (separated
# by colons), a directory of /root that the build may write or "", then the command. The file system of the
# machine, but for these two directories, is mounted below a tmpfs, which becomes the root.
_MOUNT = """
set -eu
stage=$1 codebuild=$2 home=$3 programs=$4 writable=$5
shift 5
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
IFS=:
for directory in $programs; do
  mkdir -p "$stage$directory"
  mount --bind "$directory" "$stage$directory"
  mount -o remount,bind,ro "$stage$directory"
done
unset IFS
if [ -n "$writable" ]; then
  mkdir -p "$stage$writable"
  mount --bind "$writable" "$stage$writable"
fi
cd "$stage"
pivot_root . .
umount -l .
cd /codebuild
exec "$@"
"""


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


def programs_in_home(path: str) -> list[str]:
    """The directories of /root that have programs. They stay visible in a build, and become read-only."""
    homes = [Path(HOME) / Path(entry).relative_to(HOME).parts[0]
             for entry in (*path.split(":"), sys.base_prefix) if entry.startswith(f"{HOME}/")]  # fmt: skip
    return sorted({str(directory) for directory in homes if directory.is_dir()})


def host_command(
    directories: Directories, argv: Sequence[str], writable: Path | None = None
) -> list[str]:
    """The command line that runs ``argv`` with the programs of this machine and the directories of a build.

    Args:
        directories: those of the build.
        argv: program and arguments.
        writable: a directory of this machine that the build may write, also when it is in /root.

    Raises:
        PhaseError: this machine cannot do it.
    """
    try:
        options = _unshare()
    except NamespaceError as error:
        raise PhaseError("INTERNAL_SERVICE_ERROR", str(error)) from error
    places = [
        *map(str, (directories.stage, directories.codebuild, directories.home)),
        ":".join(programs_in_home(os.environ["PATH"])),
        str(writable) if writable and writable.is_relative_to(HOME) else "",
    ]
    # A change of user namespace clears the parent-death signal that the process table has set.
    rearm = ["setpriv", "--pdeathsig", "KILL", "--"] if "--user" in options else []
    return ["unshare", *options, "sh", "-c", _MOUNT, "sh", *places, *rearm, *argv]


def image_store(environ: Mapping[str, str]) -> Path:
    """Where builds of images keep their layers, from one build to the next."""
    given = environ.get("LOCALAWS_BUILD_DIR")
    cache = Path(environ.get("XDG_CACHE_HOME") or Path.home() / ".cache")
    directory = Path(given) if given else cache / "localaws/build"
    directory.mkdir(parents=True, exist_ok=True)
    return directory.absolute()


def docker_program(privileged: bool) -> str:
    """The program ``docker`` of a build."""
    if privileged:
        # The code of this server, also where another localaws is installed for the same Python.
        start = (
            f"import runpy, sys; sys.path.insert(0, {str(_PACKAGES)!r}); "
            'runpy.run_module("localaws.services.ecr.docker", run_name="__main__", alter_sys=True)'
        )
        return f'#!/bin/sh\nexec {shlex.quote(sys.executable)} -I -c {shlex.quote(start)} "$@"\n'
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
    "TF_CLI_CONFIG_FILE", "LOCALAWS_STAND_IN_BASE", "LOCALAWS_BUILD_MOUNTS",
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
