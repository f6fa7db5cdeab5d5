"""What the listeners of repositories are told."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, Literal, TypeAlias

if TYPE_CHECKING:
    from localaws.services.git.pull_requests import PullRequestRecord
    from localaws.services.git.repository import Repository

_BRANCH: Final = "refs/heads/"
_TAG: Final = "refs/tags/"


@dataclass(frozen=True)
class Push:
    """One ref was created, updated or deleted, by a push or by an API."""

    repository: Repository
    ref: str
    """The full name, for example ``refs/heads/main``."""
    before: str | None
    """What the ref named before; None for a new ref. For an annotated tag the id of the tag object."""
    after: str | None
    """What the ref names now; None for a deleted ref."""
    commit: str | None
    """The commit that the ref leads to now. None for a deleted ref, and for a tag of something else."""
    changed_files: tuple[str, ...]
    """The sorted paths that differ between the two commits. For a new ref: those that differ from where
    it left the default branch, as that was before the push. Empty for a deleted ref."""
    caller: str
    """The ARN of the identity that pushed."""

    @property
    def branch(self) -> str | None:
        """The name of the branch, or None where the ref is not a branch."""
        return self.ref.removeprefix(_BRANCH) if self.ref.startswith(_BRANCH) else None

    @property
    def tag(self) -> str | None:
        """The name of the tag, or None where the ref is not a tag."""
        return self.ref.removeprefix(_TAG) if self.ref.startswith(_TAG) else None


Action: TypeAlias = Literal["opened", "updated", "closed", "merged"]


@dataclass(frozen=True)
class PullRequest:
    """A pull request was opened, updated, closed or merged."""

    repository: Repository
    number: int
    action: Action
    title: str
    head: str
    """The commit at the tip of the source branch."""
    base: str
    """The commit at the tip of the destination branch; after a merge, the one that the merge made."""
    head_branch: str
    base_branch: str
    changed_files: tuple[str, ...]
    """The sorted paths that differ between the merge base of both branches and the source branch."""
    record: PullRequestRecord
    """The pull request as it was then."""
    caller: str
    """The ARN of the identity that acted."""

    @property
    def branches(self) -> tuple[str, str]:
        """The source branch and the destination branch."""
        return self.head_branch, self.base_branch


RepositoryEvent: TypeAlias = Push | PullRequest
