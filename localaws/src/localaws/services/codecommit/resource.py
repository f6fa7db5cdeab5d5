"""What the parts of CodeCommit's API have in common."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, Final, TypeVar

from localaws.core.context import Context
from localaws.core.errors import AwsError
from localaws.core.paging import Position, page
from localaws.services.codecommit.records import Records, RepositoryRecord
from localaws.services.git.repository import Repository, is_ref_name

Params = dict[str, Any]
T = TypeVar("T")
_PAGE: Final = 100


class Resource:
    """A part of the API.

    Args:
        context: the surroundings of the service.
        records: all repositories.
    """

    def __init__(self, context: Context, records: Records) -> None:
        self.context = context
        self.records = records

    @property
    def caller(self) -> str:
        """The ARN of who calls: localaws does not tell callers of an API apart."""
        return self.context.root_arn

    def arn(self, record: RepositoryRecord) -> str:
        """The ARN of a repository."""
        return self.context.arn("codecommit", record.name)

    def record(self, name: str) -> RepositoryRecord:
        """A repository by its name.

        Raises:
            AwsError: RepositoryDoesNotExistException.
        """
        with self.records.lock:
            found = self.records.by_name.get(name)
        if found is None:
            raise AwsError("RepositoryDoesNotExistException", f"{name} does not exist")
        return found

    def repository(self, params: Params) -> Repository:
        """The repository that a request names."""
        return self.record(params["repositoryName"]).repository

    def page(
        self,
        items: Iterable[T],
        position: Callable[[T], Position],
        listing: object,
        token: str | None,
        size: int | None = None,
        *,
        descending: bool = False,
    ) -> tuple[list[T], str | None]:
        """One page of a listing, and the token of the next."""
        return page(
            items,
            position,
            listing=listing,
            token=token,
            size=size or _PAGE,
            descending=descending,
            invalid_token=lambda _: AwsError(
                "InvalidContinuationTokenException", "The specified continuation token is not valid"
            ),
        )


def branch_name(params: Params, key: str = "branchName") -> str:
    """The branch that a request names.

    Raises:
        AwsError: InvalidBranchNameException.
    """
    name: str = params[key]
    if not is_ref_name(name):
        raise AwsError("InvalidBranchNameException", f"The branch name {name} is not valid")
    return name


def tip(repository: Repository, branch: str) -> str:
    """The commit of a branch.

    Raises:
        AwsError: BranchDoesNotExistException.
    """
    found = repository.branches().get(branch)
    if found is None:
        raise AwsError("BranchDoesNotExistException", f"{branch} does not exist")
    return found


def commit_id(repository: Repository, specifier: str) -> str:
    """The commit that a branch, tag, ref or commit id names.

    Raises:
        AwsError: CommitDoesNotExistException.
    """
    found = repository.resolve_id(specifier)
    if found is None:
        raise AwsError("CommitDoesNotExistException", f"{specifier} does not exist")
    return found
