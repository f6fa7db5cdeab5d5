"""Commits and refs that an API makes. Refs change only within ``Repository.changing``."""

from __future__ import annotations

import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from localaws.services.git.commands import git
from localaws.services.git.repository import Repository

NO_OBJECT: Final = "0" * 40
MODES: Final = {"NORMAL": "100644", "EXECUTABLE": "100755", "SYMLINK": "120000"}


@dataclass(frozen=True)
class Entry:
    """A file in a tree: its mode and blob."""

    mode: str
    blob: str


def set_branch(repository: Repository, branch: str, commit: str, before: str | None) -> None:
    """Let a branch name a commit, if it still names ``before``; None stands for a new branch.

    Raises:
        GitError: another commit is there.
    """
    git(repository.path, "update-ref", f"refs/heads/{branch}", commit, before or NO_OBJECT)


def delete_branch(repository: Repository, branch: str, before: str) -> None:
    """Remove a branch."""
    git(repository.path, "update-ref", "-d", f"refs/heads/{branch}", before)


def write_blob(repository: Repository, content: bytes) -> str:
    """Store the content of a file and return its id."""
    return git(repository.path, "hash-object", "-w", "--stdin", text=content).decode().strip()


def entries(repository: Repository, commit: str) -> dict[str, Entry]:
    """Path -> file, for every file and submodule of a commit."""
    return _listed(repository, "-r", "-z", "--full-tree", commit)


def write_tree(repository: Repository, files: Mapping[str, Entry]) -> str:
    """Store a tree of these files and return its id."""
    lines = b"".join(
        f"{entry.mode} {entry.blob}\t".encode() + path.encode(errors="surrogateescape") + b"\0"
        for path, entry in files.items()
    )
    with tempfile.TemporaryDirectory() as folder:
        index = {"GIT_INDEX_FILE": str(Path(folder) / "index")}
        git(repository.path, "update-index", "-z", "--index-info", text=lines, more=index)
        return git(repository.path, "write-tree", more=index).decode().strip()


def tree_entries(repository: Repository, tree: str) -> dict[str, Entry]:
    """Name -> file, submodule or folder, of one folder."""
    return _listed(repository, "-z", tree)


def _listed(repository: Repository, *arguments: str) -> dict[str, Entry]:
    found = {}
    for line in git(repository.path, "ls-tree", *arguments).split(b"\0"):
        if line:
            description, _, path = line.partition(b"\t")
            mode, _, blob = description.decode().split(" ")
            found[path.decode(errors="surrogateescape")] = Entry(mode, blob)
    return found
