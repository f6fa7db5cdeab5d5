"""A private /opt/ml for a process, through a Linux mount namespace.

The host's /opt does not change, and /opt/ml is never created there. In its own namespace the process sees a
small tmpfs at /opt that has every entry of the host's /opt, and ``ml``. The command ``unshare`` of util-linux
does this for root, and for other users in a user namespace.
"""

from __future__ import annotations

import functools
import shutil
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from localaws.core.namespaces import NamespaceError, unshare_options
from localaws.services.ecr.pushed_images import PushedImage
from localaws.services.sagemaker.errors import RequestError

# Arguments: tmpfs mount point, directory for /opt/ml, read-only directory for /opt/ml/model or "",
# file to create when all is mounted, working directory, Python or "" (bring up the loopback device), command.
# "cd" comes after the mounts: the working directory may be inside /opt/ml.
_SCRIPT = """
set -eu
stage=$1 ml=$2 model=$3 marker=$4 directory=$5 loopback_python=$6
shift 6
job_path=$PATH
PATH=/usr/sbin:/usr/bin:/sbin:/bin
if [ -n "$loopback_python" ]; then "$loopback_python" -I -S -c '
import fcntl, socket, struct
with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as s:
    fcntl.ioctl(s, 0x8914, struct.pack("16sh", b"lo", 0x49))  # SIOCSIFFLAGS, IFF_UP | IFF_RUNNING
'; fi
mount -t tmpfs -o size=1m,mode=755 localaws "$stage"
for entry in /opt/* /opt/.[!.]*; do
  name=${entry##*/}
  if [ "$name" = ml ]; then continue
  elif [ -L "$entry" ]; then ln -s "$(readlink "$entry")" "$stage/$name"
  elif [ -d "$entry" ]; then mkdir "$stage/$name"; mount --rbind "$entry" "$stage/$name"
  elif [ -e "$entry" ]; then : > "$stage/$name"; mount --bind "$entry" "$stage/$name"
  fi
done
mkdir "$stage/ml"
mount --rbind "$ml" "$stage/ml"
if [ -n "$model" ]; then
  mount --bind "$model" "$stage/ml/model"
  # In a user namespace the flags of the file system underneath are locked: they have to be repeated.
  mount -o remount,bind,ro,nosuid,nodev "$stage/ml/model" 2>/dev/null ||
    mount -o remount,bind,ro,nosuid,nodev,noexec "$stage/ml/model"
fi
mount --rbind "$stage" /opt
: > "$marker"
PATH=$job_path
cd "$directory"
exec "$@"
"""


@dataclass(frozen=True)
class View:
    """What a process sees at /opt/ml."""

    opt_ml: Path
    stage: Path
    """An empty directory. What is mounted there is not visible on the host."""
    marker: Path
    """A file that is created when the process has its view. It is missing when the view failed."""
    working_directory: str
    read_only_model: Path | None = None
    isolate_network: bool = False
    image: PushedImage | None = None
    """The image whose files are the root directory; None for the files of this machine."""
    image_directory: Path | None = None
    """Where the container of an image keeps what it writes outside of /opt/ml."""


@functools.cache
def _unshare_options() -> tuple[str, ...]:
    """The options of unshare that give this user a mount namespace."""
    try:
        options = unshare_options("a job", "/opt/ml")
    except NamespaceError as error:
        raise RequestError(str(error)) from error
    if not Path("/opt").is_dir():
        raise RequestError(
            "localaws mounts a job's /opt/ml over /opt, which does not exist: mkdir /opt"
        )
    return options


def command(view: View, argv: Sequence[str]) -> list[str]:
    """The command line that runs ``argv`` in ``view``. The process keeps its id, because nothing forks.

    Raises:
        RequestError: this machine cannot do it. The text says what is needed.
    """
    options = list(_unshare_options())
    if view.isolate_network:
        options.append("--net")
    arguments = [
        str(view.stage),
        str(view.opt_ml),
        str(view.read_only_model or ""),
        str(view.marker),
        view.working_directory,
        sys.executable if view.isolate_network else "",
    ]
    # A change of user namespace clears the parent-death signal that the process table has set.
    rearm = ["setpriv", "--pdeathsig", "KILL", "--"] if "--user" in options else []
    if rearm and shutil.which("setpriv") is None:
        rearm = []
    return ["unshare", *options, "sh", "-c", _SCRIPT, "sh", *arguments, *rearm, *argv]
