"""The API of CodeCommit: its parts, and what they share."""

from __future__ import annotations

from typing import ClassVar

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.codecommit.announcements import Announcements
from localaws.services.codecommit.branches import Branches
from localaws.services.codecommit.commits import Commits
from localaws.services.codecommit.contents import Contents
from localaws.services.codecommit.pull_requests import PullRequests
from localaws.services.codecommit.records import Records
from localaws.services.codecommit.repositories import RepositoryMetadata
from localaws.services.codecommit.triggers import Triggers
from localaws.services.git.repositories import Repositories


class CodeCommitProvider(Provider):
    """CodeCommit in one account and region."""

    service_name: ClassVar[str] = "codecommit"

    def __init__(self, context: Context) -> None:
        records = Records()
        announcements = Announcements(context, records)
        context.shared(Repositories).subscribe(announcements.announce)
        parts = (RepositoryMetadata, Branches, Contents, Commits, Triggers, PullRequests)
        super().__init__(context, *(part(context, records) for part in parts))
