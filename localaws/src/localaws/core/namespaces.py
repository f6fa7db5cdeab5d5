"""What a machine needs for a process with a private view of its file system."""

from __future__ import annotations

import shutil
import subprocess
import sys


class NamespaceError(Exception):
    """This machine cannot make a mount namespace. The text says what is needed."""


def unshare_options(owner: str, directory: str) -> tuple[str, ...]:
    """The options of the command ``unshare`` that give this user a mount namespace.

    Args:
        owner: what gets the private directory, for the text of the error, for example ``a job``.
        directory: the directory that is private to it.

    Raises:
        NamespaceError: this machine cannot do it.
    """
    if sys.platform != "linux":
        raise NamespaceError(
            f"localaws gives {owner} its own {directory} through a Linux mount namespace, and this is "
            f"{sys.platform}. Run localaws on Linux (WSL 2, a container or a virtual machine)."
        )
    if shutil.which("unshare") is None:
        raise NamespaceError(
            f"localaws gives {owner} its own {directory} with the command 'unshare', which is not on PATH. "
            "Install the package util-linux."
        )
    refusal = ""
    for options in (("--mount",), ("--user", "--map-root-user", "--mount")):
        tried = subprocess.run(
            ["unshare", *options, "true"], capture_output=True, text=True, check=False
        )
        if tried.returncode == 0:
            return options
        refusal = tried.stderr.strip()
    raise NamespaceError(
        f"this machine does not let localaws make a mount namespace for {directory} ({refusal}). Allow user "
        "namespaces (sysctl user.max_user_namespaces, kernel.apparmor_restrict_unprivileged_userns=0), "
        "or in a container give the capability SYS_ADMIN."
    )
