"""A base image for a machine that reaches no registry: Debian's Python instead of the image python:3.x."""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import tempfile
import urllib.error
import urllib.request
from pathlib import Path
from typing import Final

from localaws.services.ecr.docker.errors import DockerError

VARIABLE: Final = "LOCALAWS_STAND_IN_BASE"
LABEL: Final = "localaws.stand-in-base"
INSTALL: Final = "sudo apt-get install -y --no-install-recommends mmdebstrap"
_SUITES: Final = {"3.11": "bookworm", "3.13": "trixie"}
_IMAGE = re.compile(r"(?:docker\.io/)?(?:library/)?python:(?P<version>3\.\d+)(?P<rest>[\w.-]*)")
_SECONDS = 5
_HOSTS: Final = {"docker.io": "registry-1.docker.io"}


def registry_answers(host: str) -> bool:
    """Whether a registry can be reached. A refusal of the request is an answer."""
    try:
        with urllib.request.urlopen(f"https://{_HOSTS.get(host, host)}/v2/", timeout=_SECONDS):
            return True
    except urllib.error.HTTPError as error:
        error.close()
        # A proxy that keeps the network closed answers with 403, a registry with 401 or 200.
        return error.code != 403
    except (OSError, ValueError):
        return False


def suite_of(image: str) -> str | None:
    """The release of Debian that has the Python of an image ``python:3.x...``, or None for any other."""
    match = _IMAGE.fullmatch(image)
    suite = _SUITES.get(match["version"]) if match else None
    # A tag may name a release of its own, which must be the same.
    other = match and any(
        name in match["rest"] for name in ("alpine", "windows", *_SUITES.values()) if name != suite
    )
    return None if other else suite


def make_root(suite: str, directory: Path) -> tuple[Path, str]:
    """Make the files of a base image.

    Args:
        suite: the release of Debian.
        directory: an empty one, for the archive.

    Returns:
        The tar archive, and the version of Python in it.

    Raises:
        DockerError: mmdebstrap is missing or has failed.
    """
    program = shutil.which("mmdebstrap")
    if program is None:
        raise DockerError(f"{VARIABLE} needs mmdebstrap. To install it: {INSTALL}")
    archive, version = directory / "base.tar", directory / "version"
    done = subprocess.run(
        [
            program, "--variant=minbase", "--include=python3,python3-venv,ca-certificates",
            '--customize-hook=ln -s python3 "$1/usr/bin/python"',
            f'--customize-hook=chroot "$1" python3 --version > {version}',
            suite, str(archive),
        ],
        stdin=subprocess.DEVNULL, stdout=sys.stderr, check=False,
    )  # fmt: skip
    if done.returncode:
        raise DockerError(
            f"mmdebstrap ended with exit code {done.returncode}, so there is no base image. It needs a "
            "mirror of Debian; its messages are above."
        )
    return archive, version.read_text(encoding="utf-8").split()[-1]


def temporary_directory() -> tempfile.TemporaryDirectory[str]:
    """A directory for the archive, which mmdebstrap and its hooks can use."""
    return tempfile.TemporaryDirectory(prefix="localaws-base-")
