"""What a push or a pull request sends to EventBridge and to repository triggers."""

from __future__ import annotations

from typing import Any, Final

from localaws.core.context import Context
from localaws.services.codecommit import triggers
from localaws.services.codecommit.records import Records, RepositoryRecord
from localaws.services.eventbridge.bus import timestamp
from localaws.services.git.events import PullRequest, Push, RepositoryEvent

SOURCE: Final = "aws.codecommit"
_PULL_REQUEST_EVENTS: Final = {
    "opened": "pullRequestCreated",
    "updated": "pullRequestSourceBranchUpdated",
    "closed": "pullRequestStatusChanged",
    "merged": "pullRequestMergeStatusUpdated",
}


class Announcements:
    """Listens to the repositories of CodeCommit.

    Args:
        context: the surroundings of the service.
        records: all repositories.
    """

    def __init__(self, context: Context, records: Records) -> None:
        self._context = context
        self._records = records

    def announce(self, event: RepositoryEvent) -> None:
        """Publish an event of a repository of CodeCommit; those behind a connection have none."""
        with self._records.lock:
            record = self._records.by_name.get(event.repository.name)
        if record is None:
            return
        if isinstance(event, Push):
            record.modified = self._context.clock.now()
            self._publish(record, "CodeCommit Repository State Change", push_detail(record, event))
            triggers.fire(self._context, record, event)
        else:
            self._publish(
                record, "CodeCommit Pull Request State Change", pull_request_detail(event)
            )

    def _publish(self, record: RepositoryRecord, detail_type: str, detail: dict[str, Any]) -> None:
        arn = self._context.arn("codecommit", record.name)
        self._context.publish(SOURCE, detail_type, detail, [arn])


def push_detail(record: RepositoryRecord, push: Push) -> dict[str, Any]:
    """The detail of CodeCommit Repository State Change."""
    if push.before is None:
        event = "referenceCreated"
    else:
        event = "referenceUpdated" if push.after else "referenceDeleted"
    detail = {
        "callerUserArn": push.caller,
        "commitId": push.after,
        "oldCommitId": push.before,
        "event": event,
        "referenceFullName": push.ref,
        "referenceName": push.branch or push.tag,
        "referenceType": "branch" if push.branch else "tag",
        "repositoryId": record.id,
        "repositoryName": record.name,
    }
    return {key: value for key, value in detail.items() if value is not None}


def pull_request_detail(event: PullRequest) -> dict[str, Any]:
    """The detail of CodeCommit Pull Request State Change."""
    record = event.record
    detail = {
        "author": record.author,
        "callerUserArn": event.caller,
        "creationDate": timestamp(record.created),
        "description": record.description,
        "destinationCommit": record.base,
        "destinationReference": f"refs/heads/{record.base_branch}",
        "event": _PULL_REQUEST_EVENTS[event.action],
        "isMerged": str(record.is_merged),
        "lastModifiedDate": timestamp(record.updated),
        "mergeOption": record.merge_option,
        "pullRequestId": str(record.number),
        "pullRequestStatus": record.status.title(),
        "repositoryNames": [event.repository.name],
        "revisionId": record.revision,
        "sourceCommit": record.head,
        "sourceReference": f"refs/heads/{record.head_branch}",
        "title": record.title,
    }
    return {key: value for key, value in detail.items() if value is not None}
