"""Merges of branches, in a bare repository."""

from __future__ import annotations

from datetime import datetime
from pathlib import Path
from typing import Literal, TypeAlias

from localaws.services.git.changes import merge_base
from localaws.services.git.commands import GitError, git

MergeOption: TypeAlias = Literal["FAST_FORWARD_MERGE", "SQUASH_MERGE", "THREE_WAY_MERGE"]


class MergeConflictError(Exception):
    """Two branches cannot be merged without a person; the text says why."""


def merge(
    repository: Path,
    base_branch: str,
    base: str,
    head: str,
    option: MergeOption,
    message: str,
    author: tuple[str, str],
    now: datetime,
) -> str:
    """Merge a commit into a branch and return the commit that the branch names then.

    Args:
        repository: the bare repository.
        base_branch: the destination branch.
        base: its commit.
        head: the commit to merge.
        option: how.
        message: of the commit that a squash or three-way merge makes.
        author: its name and mail address.
        now: its time.

    Raises:
        MergeConflictError: a fast-forward is not possible, or both sides have changed the same lines.
    """
    if option == "FAST_FORWARD_MERGE":
        commit = _fast_forward(repository, base, head)
    else:
        tree = merged_tree(repository, base, head)
        parents = (base,) if option == "SQUASH_MERGE" else (base, head)
        commit = commit_tree(repository, tree, parents, message, author, now)
    git(repository, "update-ref", f"refs/heads/{base_branch}", commit, base)
    return commit


def can_merge(repository: Path, base: str, head: str, option: MergeOption) -> bool:
    """Whether :func:`merge` would succeed."""
    try:
        if option == "FAST_FORWARD_MERGE":
            _fast_forward(repository, base, head)
        else:
            merged_tree(repository, base, head)
    except MergeConflictError:
        return False
    return True


def merged_tree(repository: Path, base: str, head: str) -> str:
    """The tree that merging two commits gives.

    Raises:
        MergeConflictError: both sides have changed the same lines.
    """
    try:
        printed = git(
            repository, "merge-tree", "--write-tree", "--name-only", "--no-messages", base, head,
            allowed=(0, 1),
        )  # fmt: skip
    except GitError as error:
        if "unrelated histories" in str(error):
            raise MergeConflictError("the branches have no common ancestor") from error
        raise
    tree, *conflicts = printed.decode(errors="replace").split("\n")
    files = sorted({path for path in conflicts if path})
    if files:
        raise MergeConflictError(f"both branches have changed {', '.join(files)}")
    return tree


def commit_tree(
    repository: Path,
    tree: str,
    parents: tuple[str, ...],
    message: str,
    author: tuple[str, str],
    now: datetime,
) -> str:
    """Store a commit and return its id."""
    date = f"{int(now.timestamp())} +0000"
    variables = {
        f"GIT_{role}_{part}": value
        for role in ("AUTHOR", "COMMITTER")
        for part, value in (("NAME", author[0]), ("EMAIL", author[1]), ("DATE", date))
    }
    arguments = [argument for parent in parents for argument in ("-p", parent)]
    printed = git(
        repository, "commit-tree", tree, *arguments, text=message.encode(), more=variables
    )
    return printed.decode().strip()


def _fast_forward(repository: Path, base: str, head: str) -> str:
    if merge_base(repository, base, head) != base:
        raise MergeConflictError(
            "the destination branch has commits that the source branch lacks, so it cannot be forwarded"
        )
    return head
