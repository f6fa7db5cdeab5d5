"""The pull requests of a repository."""

from __future__ import annotations

import itertools
import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import TYPE_CHECKING, Literal, TypeAlias

from localaws.services.git import changes
from localaws.services.git.events import Action, PullRequest
from localaws.services.git.merging import MergeOption, merge

if TYPE_CHECKING:
    from localaws.services.git.repository import Repository

Status: TypeAlias = Literal["OPEN", "CLOSED"]


class PullRequestError(Exception):
    """A pull request cannot be opened or changed in this way; the text says why."""


class UnknownBranchError(PullRequestError):
    """The repository has no branch of this name."""


class AlreadyClosedError(PullRequestError):
    """The pull request is closed."""


class TipHasMovedError(PullRequestError):
    """The source branch names another commit than the caller expects."""


@dataclass(frozen=True)
class PullRequestRecord:
    """A pull request at one moment."""

    number: int
    title: str
    description: str
    head_branch: str
    base_branch: str
    head: str
    base: str
    merge_base: str | None
    author: str
    """The ARN of the identity that opened it."""
    created: datetime
    updated: datetime
    status: Status = "OPEN"
    merge_commit: str | None = None
    """The commit at the tip of the destination branch after the merge; None where it is not merged."""
    merge_option: MergeOption | None = None
    merged_by: str | None = None
    revision: str = field(default_factory=lambda: uuid.uuid4().hex)
    """Changes with each push to the source branch."""

    @property
    def is_open(self) -> bool:
        """Whether it can still be merged or closed."""
        return self.status == "OPEN"

    @property
    def is_merged(self) -> bool:
        """Whether its commits are in the destination branch."""
        return self.merge_commit is not None


class PullRequests:
    """The pull requests of one repository. They change within ``Repository.changing`` only.

    Args:
        repository: the repository.
        numbers: where the number of a new pull request comes from.
        close_without_branch: whether a pull request is closed when its source branch is deleted, as on
            GitHub.
    """

    def __init__(
        self,
        repository: Repository,
        numbers: Iterator[int] | None = None,
        *,
        close_without_branch: bool = True,
    ) -> None:
        self._repository = repository
        self._numbers = numbers or itertools.count(1)
        self._close_without_branch = close_without_branch
        self._records: dict[int, PullRequestRecord] = {}

    def find(self, number: int) -> PullRequestRecord | None:
        """A pull request by its number."""
        return self._records.get(number)

    def all(self) -> list[PullRequestRecord]:
        """Every pull request, oldest first."""
        return list(self._records.values())

    def open(
        self, title: str, description: str, branches: tuple[str, str], caller: str, now: datetime
    ) -> PullRequestRecord:
        """Ask to merge a branch into another one.

        Args:
            title: what the pull request is about.
            description: the same at length.
            branches: the source branch and the destination branch.
            caller: the ARN of the identity that opens it.
            now: the time.

        Raises:
            PullRequestError: a branch does not exist, or both are the same.
        """
        head_branch, base_branch = branches
        with self._repository.changing(caller):
            head, base = self._tip(head_branch), self._tip(base_branch)
            if head_branch == base_branch:
                raise PullRequestError(f"{head_branch} cannot be merged into itself")
            record = PullRequestRecord(
                next(self._numbers), title, description, head_branch, base_branch, head, base,
                self._merge_base(head, base), caller, now, now,
            )  # fmt: skip
            self._change(record, "opened", caller)
        return record

    def edit(
        self, number: int, caller: str, now: datetime, *, title: str | None = None,
        description: str | None = None, announce: bool = False,
    ) -> PullRequestRecord:  # fmt: skip
        """Change the title or the description.

        Args:
            number: the pull request.
            caller: the ARN of the identity that changes it.
            now: the time.
            title: the new title; None leaves it.
            description: the new description; None leaves it.
            announce: whether listeners are told that the pull request was updated.

        Raises:
            PullRequestError: there is no such pull request, or it is closed.
        """
        with self._repository.changing(caller):
            record = self._open_record(number)
            record = replace(
                record,
                title=record.title if title is None else title,
                description=record.description if description is None else description,
                updated=now,
            )
            self._records[number] = record
            if announce:
                self._change(record, "updated", caller)
        return record

    def close(self, number: int, caller: str, now: datetime) -> PullRequestRecord:
        """Close a pull request without a merge.

        Raises:
            PullRequestError: there is no such pull request, or it is closed.
        """
        with self._repository.changing(caller):
            record = replace(self._open_record(number), status="CLOSED", updated=now)
            self._change(record, "closed", caller)
        return record

    def merge(
        self, number: int, option: MergeOption, caller: str, now: datetime, *,
        expected_head: str | None = None, message: str | None = None,
        author: tuple[str, str] = ("localaws", "localaws@localhost"),
    ) -> PullRequestRecord:  # fmt: skip
        """Merge the source branch into the destination branch.

        Args:
            number: the pull request.
            option: how.
            caller: the ARN of the identity that merges it.
            now: the time.
            expected_head: the commit that the source branch must name; None allows any.
            message: the message of the commit that the merge makes; None chooses one.
            author: name and mail address of the author of that commit.

        Raises:
            PullRequestError: there is no such pull request, it is closed, or its branch has moved.
            MergeConflictError: the branches cannot be merged in this way.
        """
        with self._repository.changing(caller):
            record = self._open_record(number)
            head, base = self._tip(record.head_branch), self._tip(record.base_branch)
            if expected_head not in {None, head}:
                raise TipHasMovedError(f"{record.head_branch} is at {head}, not at {expected_head}")
            text = message or f"Merge pull request {number}: {record.title}"
            commit = merge(
                self._repository.path, record.base_branch, base, head, option, text, author, now
            )
            record = replace(
                record, head=head, base=commit, status="CLOSED", merge_commit=commit,
                merge_option=option, merged_by=caller, updated=now,
            )  # fmt: skip
            # Before the push of the destination branch is announced: it merges nothing a second time.
            self._records[number] = record
        self._change(record, "merged", caller)
        return record

    def follow(self, refs: changes.Snapshot, caller: str, now: datetime) -> None:
        """Bring open pull requests up to date with the branches. Called after every change of a ref."""
        for record in self.all():
            if not record.is_open:
                continue
            head = refs.refs.get(f"refs/heads/{record.head_branch}")
            base = refs.refs.get(f"refs/heads/{record.base_branch}")
            if base is None or (head is None and not self._close_without_branch):
                continue
            if head is None:
                self._change(replace(record, status="CLOSED", updated=now), "closed", caller)
                continue
            if (head, base) == (record.head, record.base):
                continue
            merge_base = self._merge_base(head, base)
            # A branch that starts at the destination has nothing to merge yet.
            if base != record.base and merge_base == head != record.merge_base:
                merged = replace(
                    record, head=head, base=base, status="CLOSED", merge_commit=base,
                    merge_option="FAST_FORWARD_MERGE", merged_by=caller, updated=now,
                )  # fmt: skip
                self._change(merged, "merged", caller)
                continue
            moved = head != record.head
            record = replace(record, head=head, base=base, merge_base=merge_base)
            self._records[record.number] = record
            if moved:
                record = replace(record, updated=now, revision=uuid.uuid4().hex)
                self._change(record, "updated", caller)

    def _change(self, record: PullRequestRecord, action: Action, caller: str) -> None:
        self._records[record.number] = record
        path = self._repository.path
        files = changes.changed_files(path, record.merge_base, record.head)
        self._repository.announce(
            PullRequest(
                self._repository, record.number, action, record.title, record.head, record.base,
                record.head_branch, record.base_branch, files, record, caller,
            )
        )  # fmt: skip

    def _open_record(self, number: int) -> PullRequestRecord:
        record = self._records.get(number)
        if record is None:
            known = ", ".join(map(str, self._records)) or "none"
            raise PullRequestError(
                f"{self._repository.name} has no pull request {number}; it has: {known}"
            )
        if not record.is_open:
            state = "merged" if record.is_merged else "closed"
            raise AlreadyClosedError(f"pull request {number} is {state} already")
        return record

    def _tip(self, branch: str) -> str:
        found = self._repository.branches().get(branch)
        if found is None:
            raise UnknownBranchError(f"{self._repository.name} has no branch {branch!r}")
        return found

    def _merge_base(self, head: str, base: str) -> str | None:
        return changes.merge_base(self._repository.path, base, head)
