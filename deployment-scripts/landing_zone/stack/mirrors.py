"""Finds a folder that holds the AWS provider, for machines where Terraform cannot download it."""

from __future__ import annotations

import platform
import re
import sys
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path

PROVIDER = "registry.terraform.io/hashicorp/aws"
# infra/versions.tf: >= 5.100, < 7
_LOWEST, _BELOW = (5, 100, 0), (7, 0, 0)
# A mirror may be one of these folders, or a folder in one of them.
PREFIXES = ("/opt", "/usr/local", "/usr/local/share", "/usr/share", "/srv", "/var/lib", "/etc")


def default_places(environ: Mapping[str, str], home: Path) -> list[Path]:
    """Terraform's own: "Implied Local Mirror Directories" in the documentation of its CLI configuration."""
    data_home = Path(environ.get("XDG_DATA_HOME") or home / ".local/share")
    data_dirs = (environ.get("XDG_DATA_DIRS") or "/usr/local/share:/usr/share").split(":")
    places = [home / ".terraform.d/plugins", data_home / "terraform/plugins"]
    places += [Path(folder) / "terraform/plugins" for folder in data_dirs if folder]
    if sys.platform == "darwin":
        places += [
            home / "Library/Application Support/io.terraform/plugins",
            Path("/Library/Application Support/io.hashicorp.terraform/plugins"),
        ]
    return places


def candidates(places: Iterable[Path], prefixes: Iterable[str] = PREFIXES) -> Iterator[Path]:
    """Every folder that may be a mirror, Terraform's own places first."""
    yield from places
    for prefix in map(Path, prefixes):
        yield prefix
        try:
            yield from sorted(folder for folder in prefix.iterdir() if folder.is_dir())
        except OSError:
            continue


def find_mirror(folders: Iterable[Path], target: str) -> Path | None:
    """The first folder that holds a usable version of the provider for this platform."""
    for folder in folders:
        try:
            if any(_versions(folder / PROVIDER, target)):
                return folder
        except OSError:
            # Not readable by this user.
            continue
    return None


def this_platform() -> str:
    """Terraform's name of this machine's platform, such as linux_amd64."""
    machine = platform.machine().lower()
    names = {"x86_64": "amd64", "aarch64": "arm64", "i686": "386", "armv7l": "arm"}
    return f"{platform.system().lower()}_{names.get(machine, machine)}"


def cli_config(mirror: Path) -> str:
    """A CLI configuration with which init takes the provider from the mirror only."""
    return (
        "provider_installation {\n"
        "  filesystem_mirror {\n"
        f'    path    = "{mirror}"\n'
        f'    include = ["{PROVIDER}"]\n'
        "  }\n"
        "  direct {\n"
        f'    exclude = ["{PROVIDER}"]\n'
        "  }\n"
        "}\n"
    )


def _versions(folder: Path, target: str) -> Iterator[tuple[int, ...]]:
    """Both layouts: {version}/{platform}/ and terraform-provider-aws_{version}_{platform}.zip."""
    names = [path.parent.name for path in folder.glob(f"*/{target}") if path.is_dir()]
    for path in folder.glob(f"terraform-provider-aws_*_{target}.zip"):
        names.append(path.name.split("_")[1])
    for name in names:
        if re.fullmatch(r"[0-9]+\.[0-9]+\.[0-9]+", name):
            version = tuple(map(int, name.split(".")))
            if _LOWEST <= version < _BELOW:
                yield version
