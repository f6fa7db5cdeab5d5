"""A command in a pushed image."""

from __future__ import annotations

import functools
import json
import os
import subprocess
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localaws.services.ecr.containers.layers import unpack
from localaws.services.ecr.containers.users import User, find_user
from localaws.services.ecr.pushed_images import ImageError, PushedImage

_PROGRAM: Final = Path(__file__).with_name("enter.py")
# What Docker sets when the image does not.
_PATH: Final = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Mount:
    """A directory or file of this machine that the container sees at another path."""

    source: Path
    target: str
    read_only: bool = False
    is_owned: bool = False
    """Whether the user of the container becomes the owner of the files, where localaws runs as root."""


class ImageContainer:
    """A container of an image: its root directory is the image, with a layer of its own for what it writes.

    :meth:`command` makes a command line for ``context.processes.spawn``. The process that starts this way
    becomes the command of the container, so its id, its output, its signals and its exit code are those of
    the command. It ends when its process ends; nothing stays mounted on the machine. For example::

        image = context.shared(PushedImages).find(uri)
        container = ImageContainer(image, directory)
        process = context.processes.spawn(
            container.command(["make", "test"], {"CI": "1"}, [Mount(source, "/src")]),
            env={}, stdout=subprocess.PIPE, uid=container.host_uid,
        )

    It has the network and the processes of the machine, /proc and /sys, a small /dev, and the machine's
    /etc/resolv.conf and /etc/hosts. The user is that of the image. As root, localaws starts it with the
    capabilities that Docker gives; without root it runs in a user namespace with that one user.

    Args:
        image: from :meth:`PushedImages.find <localaws.services.ecr.pushed_images.PushedImages.find>`. Its
            layers are unpacked here, which takes seconds the first time.
        directory: for what the container writes. It is made if missing, and whoever made it removes it.
        user: as ``docker run --user``; by default the user of the image.

    Raises:
        ImageError: the image cannot be unpacked, it has no such user, or this machine has no namespaces.
    """

    def __init__(self, image: PushedImage, directory: Path, user: str | None = None) -> None:
        self.image = image
        self._directory = directory
        self._in_user_namespace = needs_user_namespace()
        self._layers = unpack(image)
        self.user: User = find_user(
            image.config.user if user is None else user, self._layers, image.uri
        )

    @property
    def host_uid(self) -> int:
        """The user of the machine that the command runs as."""
        return os.geteuid() if self._in_user_namespace else self.user.uid

    def environment(self, *layers: Mapping[str, str]) -> dict[str, str]:
        """The variables of the image, with HOME and PATH as Docker sets them. Later layers win."""
        environment = {"PATH": _PATH, "HOME": self.user.home, **self.image.config.env}
        for layer in layers:
            environment.update(layer)
        return environment

    def command(
        self,
        argv: Sequence[str],
        environment: Mapping[str, str],
        mounts: Sequence[Mount] = (),
        *,
        working_directory: str | None = None,
        isolate_network: bool = False,
        marker: Path | None = None,
    ) -> list[str]:
        """The command line that runs ``argv`` in the container. It can be used once.

        Args:
            argv: program and arguments; the program is searched on the container's PATH.
            environment: all variables of the container; begin with :meth:`environment`.
            mounts: what the container sees of the machine.
            working_directory: by default that of the image. It is made if missing.
            isolate_network: only a loopback device of its own.
            marker: a file that is made once everything is mounted.
        """
        self._directory.mkdir(mode=0o700, parents=True, exist_ok=True)
        specification: dict[str, Any] = {
            "layers_directory": str(self.image.unpacked),
            "layers": [layer.name for layer in self._layers],
            "directory": str(self._directory.absolute()),
            "mounts": [
                [str(mount.source.absolute()), mount.target, mount.read_only, mount.is_owned]
                for mount in mounts
            ],
            "uid": self.user.uid,
            "gid": self.user.gid,
            "groups": self.user.groups,
            "working_directory": working_directory or self.image.config.workdir,
            "argv": list(argv),
            "environment": dict(environment),
            "user_namespace": self._in_user_namespace,
            "isolate_network": isolate_network,
            "marker": str(marker.absolute()) if marker else None,
        }
        path = self._directory / "container.json"
        # Variables can be secret: the file is for this user only, and the command line shows none of them.
        path.touch(mode=0o600)
        path.write_text(json.dumps(specification), encoding="utf-8")
        return [sys.executable, "-I", "-S", str(_PROGRAM), str(path)]


@functools.cache
def needs_user_namespace() -> bool:
    """Whether a container needs a user namespace here: localaws does not run as root.

    Raises:
        ImageError: this machine lets localaws make no namespace.
    """
    if sys.platform != "linux":
        raise ImageError(
            f"a pushed image runs in a Linux mount namespace, and this is {sys.platform}. Run localaws on "
            "Linux (WSL 2, a container or a virtual machine)."
        )
    refusal = ""
    for in_user_namespace in (False, True):
        option = "--probe-user" if in_user_namespace else "--probe"
        tried = subprocess.run(
            [sys.executable, "-I", "-S", str(_PROGRAM), option],
            capture_output=True, text=True, check=False, env={},
        )  # fmt: skip
        if tried.returncode == 0:
            return in_user_namespace
        refusal = tried.stderr.strip()
    raise ImageError(
        f"this machine does not let localaws mount the layers of an image ({refusal}). Allow user namespaces "
        "(sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0), or in a "
        "container give the capability SYS_ADMIN. Until then, run the programs of the image from a "
        "directory: localaws start --image <repository>=<directory>."
    )
