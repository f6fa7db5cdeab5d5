"""Which refs differ between two moments, and which files differ between two commits."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from localaws.services.git.commands import git


@dataclass(frozen=True)
class Snapshot:
    """The branches and tags of a repository at one moment."""

    refs: Mapping[str, str]
    """Full name -> id of the object that the ref names."""
    head: str
    """The full name of the default branch, which may not exist yet."""

    @property
    def default_commit(self) -> str | None:
        """The tip of the default branch, or None where it does not exist."""
        return self.refs.get(self.head)


def snapshot(repository: Path) -> Snapshot:
    """The refs of a repository now."""
    lines = git(
        repository, "for-each-ref", "--format=%(objectname) %(refname)", "refs/heads", "refs/tags"
    )
    pairs = (line.split(" ", 1) for line in lines.decode().splitlines())
    head = git(repository, "symbolic-ref", "HEAD").decode().strip()
    return Snapshot({ref: name for name, ref in pairs}, head)


def changed_refs(before: Snapshot, after: Snapshot) -> list[tuple[str, str | None, str | None]]:
    """Ref, object before and object after of each ref that differs, sorted by ref."""
    return [
        (ref, before.refs.get(ref), after.refs.get(ref))
        for ref in sorted({*before.refs, *after.refs})
        if before.refs.get(ref) != after.refs.get(ref)
    ]


def commit_of(repository: Path, name: str) -> str | None:
    """The commit that an object is, or that a tag leads to; None for another object."""
    found = git(
        repository, "rev-parse", "--verify", "--quiet", f"{name}^{{commit}}", allowed=(0, 1, 128)
    )
    return found.decode().strip() or None


def merge_base(repository: Path, first: str, second: str) -> str | None:
    """The best common ancestor of two commits, or None."""
    return git(repository, "merge-base", first, second, allowed=(0, 1)).decode().strip() or None


def empty_tree(repository: Path) -> str:
    """The id of a tree without files."""
    return git(repository, "hash-object", "-t", "tree", "-w", "--stdin").decode().strip()


def changed_files(repository: Path, before: str | None, after: str) -> tuple[str, ...]:
    """The sorted paths that differ between two commits. Without ``before``, every path of ``after``.

    A renamed file counts with both of its paths.
    """
    start = before or empty_tree(repository)
    # --no-renames: a trigger that watches the old path has to see the change too.
    listed = git(repository, "diff-tree", "-r", "-z", "--no-renames", "--name-only", start, after)
    return tuple(
        sorted(path.decode(errors="surrogateescape") for path in listed.split(b"\0") if path)
    )
