"""The user of an image, by its own /etc/passwd and /etc/group."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localaws.services.ecr.containers.layers import read_text
from localaws.services.ecr.pushed_images import ImageError


@dataclass(frozen=True)
class User:
    """Who runs the command of a container."""

    uid: int
    gid: int
    groups: tuple[int, ...]
    home: str


def find_user(text: str, layers: tuple[Path, ...], uri: str) -> User:
    """The user that USER of a Dockerfile, or ``--user``, names.

    Args:
        text: ``user``, ``uid``, ``user:group`` or ``uid:gid``; empty for root.
        layers: the unpacked layers of the image, the topmost first.
        uri: names the image in errors.

    Raises:
        ImageError: the image has no such user or group.
    """
    name, _, group = text.partition(":")
    name = name or "0"
    accounts = _lines(read_text(layers, "etc/passwd"), 7)
    groups = _lines(read_text(layers, "etc/group"), 4)
    account = next((line for line in accounts if name in (line[0], line[2])), None)
    if account is None and not name.isdecimal():
        raise ImageError(f"unable to find user {name} in {uri}: no matching entries in passwd file")
    uid = int(account[2]) if account else int(name)
    home = account[5] if account else "/"
    if group:
        found = next((line for line in groups if group in (line[0], line[2])), None)
        if found is None and not group.isdecimal():
            raise ImageError(
                f"unable to find group {group} in {uri}: no matching entries in group file"
            )
        gid = int(found[2]) if found else int(group)
        others: tuple[int, ...] = ()
    else:
        gid = int(account[3]) if account else 0
        others = tuple(
            int(line[2]) for line in groups if account and account[0] in line[3].split(",")
        )
    return User(uid, gid, tuple(dict.fromkeys((gid, *others))), home or "/")


def _lines(text: str, fields: int) -> list[list[str]]:
    found = [line.split(":") for line in text.splitlines() if not line.startswith("#")]
    return [line for line in found if len(line) >= fields]
