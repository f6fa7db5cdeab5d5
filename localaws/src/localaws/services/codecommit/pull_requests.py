"""Pull requests of CodeCommit. Their ids are unique in account and region."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, Final

from localaws.core.context import Context
from localaws.core.errors import AwsError, not_emulated
from localaws.core.provider import operation
from localaws.services.codecommit.records import Records
from localaws.services.codecommit.resource import Params, Resource, commit_id
from localaws.services.git.changes import merge_base
from localaws.services.git.merging import MergeConflictError, MergeOption, can_merge
from localaws.services.git.pull_requests import (
    AlreadyClosedError,
    PullRequestError,
    PullRequestRecord,
    TipHasMovedError,
    UnknownBranchError,
)
from localaws.services.git.repository import Repository

_OPTIONS: Final[tuple[MergeOption, ...]] = (
    "FAST_FORWARD_MERGE",
    "SQUASH_MERGE",
    "THREE_WAY_MERGE",
)
_NOT_EMULATED: Final = ("conflictResolution", "keepEmptyFolders")


class PullRequests(Resource):
    """The operations on pull requests."""

    def __init__(self, context: Context, records: Records) -> None:
        super().__init__(context, records)
        # Client request token -> the request that had it, and the pull request that it opened.
        self._requests: dict[str, tuple[Params, int]] = {}

    @operation
    def create_pull_request(self, params: Params) -> Params:
        """CreatePullRequest. A repetition with the same client request token returns the first one."""
        token = params.get("clientRequestToken")
        with self.records.lock:
            first = self._requests.get(token) if token else None
        if first:
            request, number = first
            if request != params:
                raise AwsError(
                    "IdempotencyParameterMismatchException",
                    f"The client request token {token} was used with other parameters",
                )
            return self.get_pull_request({"pullRequestId": str(number)})
        targets = params["targets"]
        if len(targets) != 1:
            raise AwsError(
                "InvalidTargetsException", f"Exactly one target is allowed, found {len(targets)}"
            )
        target = targets[0]
        repository = self.record(target["repositoryName"]).repository
        head = _branch(target["sourceReference"])
        base = _branch(target.get("destinationReference") or repository.default_branch or "")
        if head == base:
            raise AwsError(
                "SourceAndDestinationAreSameException",
                f"The source and the destination are both {head}",
            )
        with _errors():
            record = repository.pull_requests.open(
                params["title"],
                params.get("description", ""),
                (head, base),
                self.caller,
                self.context.clock.now(),
            )
        if token:
            with self.records.lock:
                self._requests[token] = (params, record.number)
        return {"pullRequest": view(repository, record)}

    @operation
    def get_pull_request(self, params: Params) -> Params:
        """GetPullRequest."""
        return {"pullRequest": view(*self._find(params))}

    @operation
    def list_pull_requests(self, params: Params) -> Params:
        """ListPullRequests, the latest first."""
        repository = self.repository(params)
        status, author = params.get("pullRequestStatus"), params.get("authorArn")
        chosen = [
            record
            for record in repository.pull_requests.all()
            if status in {None, record.status} and author in {None, record.author}
        ]
        found, token = self.page(
            chosen,
            lambda record: record.number,
            ["ListPullRequests", repository.name, status, author],
            params.get("nextToken"),
            params.get("maxResults"),
            descending=True,
        )
        return {"pullRequestIds": [str(record.number) for record in found], "nextToken": token}

    @operation
    def update_pull_request_title(self, params: Params) -> Params:
        """UpdatePullRequestTitle."""
        return self._edit(params, title=params["title"])

    @operation
    def update_pull_request_description(self, params: Params) -> Params:
        """UpdatePullRequestDescription."""
        return self._edit(params, description=params["description"])

    @operation
    def update_pull_request_status(self, params: Params) -> Params:
        """UpdatePullRequestStatus. A closed pull request cannot be opened again."""
        repository, record = self._find(params)
        if params["pullRequestStatus"] == "OPEN":
            raise AwsError(
                "InvalidPullRequestStatusUpdateException",
                f"The status of pull request {record.number} is {record.status}; a pull request can "
                "only be closed",
            )
        with _errors():
            closed = repository.pull_requests.close(
                record.number, self.caller, self.context.clock.now()
            )
        return {"pullRequest": view(repository, closed)}

    @operation
    def merge_pull_request_by_fast_forward(self, params: Params) -> Params:
        """MergePullRequestByFastForward."""
        return self._merge(params, "FAST_FORWARD_MERGE")

    @operation
    def merge_pull_request_by_squash(self, params: Params) -> Params:
        """MergePullRequestBySquash. A conflict needs a person."""
        return self._merge(params, "SQUASH_MERGE")

    @operation
    def merge_pull_request_by_three_way(self, params: Params) -> Params:
        """MergePullRequestByThreeWay. A conflict needs a person."""
        return self._merge(params, "THREE_WAY_MERGE")

    @operation
    def get_merge_options(self, params: Params) -> Params:
        """GetMergeOptions."""
        _check_strategy(params)
        repository = self.repository(params)
        head = commit_id(repository, params["sourceCommitSpecifier"])
        base = commit_id(repository, params["destinationCommitSpecifier"])
        common = merge_base(repository.path, base, head)
        if common is None:
            raise AwsError(
                "TipsDivergenceExceededException", f"{head} and {base} have no common ancestor"
            )
        options = [o for o in _OPTIONS if can_merge(repository.path, base, head, o)]
        return {
            "mergeOptions": options,
            "sourceCommitId": head,
            "destinationCommitId": base,
            "baseCommitId": common,
        }

    def _edit(
        self, params: Params, title: str | None = None, description: str | None = None
    ) -> Params:
        repository, record = self._find(params)
        with _errors():
            edited = repository.pull_requests.edit(
                record.number,
                self.caller,
                self.context.clock.now(),
                title=title,
                description=description,
            )
        return {"pullRequest": view(repository, edited)}

    def _merge(self, params: Params, option: MergeOption) -> Params:
        _check_strategy(params)
        repository, record = self._find(params)
        if repository.name != params["repositoryName"]:
            self.repository(params)
            raise AwsError(
                "RepositoryNotAssociatedWithPullRequestException",
                f"Pull request {record.number} belongs to {repository.name}",
            )
        author = (
            params.get("authorName") or self.context.account_id,
            params.get("email") or "localaws@localhost",
        )
        with _errors():
            merged = repository.pull_requests.merge(
                record.number,
                option,
                self.caller,
                self.context.clock.now(),
                expected_head=params.get("sourceCommitId"),
                message=params.get("commitMessage"),
                author=author,
            )
        return {"pullRequest": view(repository, merged)}

    def _find(self, params: Params) -> tuple[Repository, PullRequestRecord]:
        wanted = params["pullRequestId"]
        if not wanted.isascii() or not wanted.isdigit():
            raise AwsError("InvalidPullRequestIdException", f"{wanted} is no pull request id")
        with self.records.lock:
            repositories = [record.repository for record in self.records.by_name.values()]
        for repository in repositories:
            record = repository.pull_requests.find(int(wanted))
            if record:
                return repository, record
        raise AwsError("PullRequestDoesNotExistException", f"{wanted} does not exist")


def view(repository: Repository, record: PullRequestRecord) -> dict[str, Any]:
    """A pull request in the shape of the API."""
    merge = {
        "isMerged": record.is_merged,
        "mergedBy": record.merged_by,
        "mergeCommitId": record.merge_commit,
        "mergeOption": record.merge_option,
    }
    return {
        "pullRequestId": str(record.number),
        "title": record.title,
        "description": record.description,
        "lastActivityDate": record.updated,
        "creationDate": record.created,
        "pullRequestStatus": record.status,
        "authorArn": record.author,
        "revisionId": record.revision,
        "approvalRules": [],
        "pullRequestTargets": [
            {
                "repositoryName": repository.name,
                "sourceReference": f"refs/heads/{record.head_branch}",
                "destinationReference": f"refs/heads/{record.base_branch}",
                "destinationCommit": record.base,
                "sourceCommit": record.head,
                "mergeBase": record.merge_base,
                "mergeMetadata": merge,
            }
        ],
    }


@contextmanager
def _errors() -> Iterator[None]:
    """Turns what is wrong with a pull request into the errors of the API."""
    try:
        yield
    except UnknownBranchError as error:
        raise AwsError("ReferenceDoesNotExistException", str(error)) from error
    except AlreadyClosedError as error:
        raise AwsError("PullRequestAlreadyClosedException", str(error)) from error
    except TipHasMovedError as error:
        raise AwsError("TipOfSourceReferenceIsDifferentException", str(error)) from error
    except MergeConflictError as error:
        raise AwsError("ManualMergeRequiredException", str(error)) from error
    except PullRequestError as error:
        raise AwsError("PullRequestDoesNotExistException", str(error)) from error


def _branch(reference: str) -> str:
    if reference.startswith("refs/") and not reference.startswith("refs/heads/"):
        raise AwsError(
            "ReferenceTypeNotSupportedException", f"{reference} is not a branch: use a branch"
        )
    return reference.removeprefix("refs/heads/")


def _check_strategy(params: Params) -> None:
    strategy = params.get("conflictResolutionStrategy", "NONE")
    if strategy != "NONE":
        raise not_emulated("codecommit", f"conflictResolutionStrategy {strategy}")
    for name in _NOT_EMULATED:
        if params.get(name):
            raise not_emulated("codecommit", f"a merge with {name}")
