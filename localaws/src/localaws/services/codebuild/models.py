"""The state of CodeBuild: plain dataclasses, and the store that holds them."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Final

Document = dict[str, Any]
"""A structure in the shape of the API."""

IN_PROGRESS: Final = "IN_PROGRESS"
SUCCEEDED: Final = "SUCCEEDED"
FAILED: Final = "FAILED"
FAULT: Final = "FAULT"
STOPPED: Final = "STOPPED"
TIMED_OUT: Final = "TIMED_OUT"

SUBMITTED: Final = "SUBMITTED"
QUEUED: Final = "QUEUED"
PROVISIONING: Final = "PROVISIONING"
DOWNLOAD_SOURCE: Final = "DOWNLOAD_SOURCE"
INSTALL: Final = "INSTALL"
PRE_BUILD: Final = "PRE_BUILD"
BUILD: Final = "BUILD"
POST_BUILD: Final = "POST_BUILD"
UPLOAD_ARTIFACTS: Final = "UPLOAD_ARTIFACTS"
FINALIZING: Final = "FINALIZING"
COMPLETED: Final = "COMPLETED"
PHASES: Final = (
    SUBMITTED, QUEUED, PROVISIONING, DOWNLOAD_SOURCE, INSTALL, PRE_BUILD, BUILD, POST_BUILD,
    UPLOAD_ARTIFACTS, FINALIZING, COMPLETED,
)  # fmt: skip


@dataclass
class Project:
    """A build project."""

    document: Document
    """The project in the shape of the API, without its webhook."""
    uuid: str
    builds: int = 0
    """The number of builds that were ever started: the number of the last one."""
    cache_generation: int = 0
    """Changes when the cache is invalidated, so that nothing older is read."""
    webhook: Document | None = None

    @property
    def name(self) -> str:
        """Its name."""
        name: str = self.document["name"]
        return name


@dataclass(frozen=True)
class BuildRequest:
    """What one build does: the settings of the project with the overrides of StartBuild."""

    project: str
    source: Document
    secondary_sources: tuple[Document, ...]
    source_version: str | None
    secondary_versions: dict[str, str]
    artifacts: Document
    secondary_artifacts: tuple[Document, ...]
    cache: Document
    environment: Document
    """Without the variables of StartBuild."""
    variables: tuple[Document, ...]
    """The variables of StartBuild, which win over those of the project."""
    service_role: str
    logs: Document
    timeout_minutes: int
    queued_timeout_minutes: int
    encryption_key: str
    initiator: str
    concurrent_limit: int | None = None
    auto_retry_limit: int = 0
    webhook: dict[str, str] = field(default_factory=dict)
    """The variables of the webhook event that started the build."""
    commit: str | None = None
    """The commit of that event: the source version of a pull request names no commit."""

    @property
    def in_pipeline(self) -> bool:
        """Whether an action of CodePipeline started it."""
        return self.initiator.startswith("codepipeline/")

    @property
    def pipeline_source(self) -> bool:
        """Whether the source is the input artifact of a pipeline action."""
        return self.in_pipeline and self.source["type"] == "S3"


@dataclass
class Phase:
    """One phase of a build."""

    kind: str
    start: datetime
    status: str | None = None
    end: datetime | None = None
    contexts: list[tuple[str, str]] = field(default_factory=list)


@dataclass
class Build:
    """One build. Only lifecycle.py writes its status and its phases."""

    id: str
    arn: str
    number: int
    request: BuildRequest
    start: datetime
    end: datetime | None = None
    status: str = IN_PROGRESS
    phases: list[Phase] = field(default_factory=list)
    resolved_source_version: str | None = None
    artifact: Document = field(default_factory=dict)
    secondary_artifact: list[Document] = field(default_factory=list)
    exported: list[tuple[str, str]] = field(default_factory=list)
    report_arns: list[str] = field(default_factory=list)
    retry_number: int = 0
    previous_retry: str | None = None
    next_retry: str | None = None
    stop_requested: threading.Event = field(default_factory=threading.Event)

    @property
    def uuid(self) -> str:
        """The part of the id after the project's name, which is also its log stream."""
        return self.id.partition(":")[2]

    @property
    def complete(self) -> bool:
        """Whether it has ended."""
        return self.end is not None


@dataclass
class ReportGroup:
    """A report group."""

    document: Document
    reports: list[Document] = field(default_factory=list)


@dataclass
class Store:
    """Everything that one account and region has."""

    lock: threading.RLock = field(default_factory=threading.RLock)
    projects: dict[str, Project] = field(default_factory=dict)
    builds: dict[str, Build] = field(default_factory=dict)
    report_groups: dict[str, ReportGroup] = field(default_factory=dict)
    """By ARN."""
    reports: dict[str, Document] = field(default_factory=dict)
    test_cases: dict[str, list[Document]] = field(default_factory=dict)
    coverages: dict[str, list[Document]] = field(default_factory=dict)
    credentials: dict[str, Document] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    """By ARN of a source credential, its token: for CODECONNECTIONS the ARN of the connection."""
    policies: dict[str, str] = field(default_factory=dict)
    idempotent: dict[str, tuple[Document, str]] = field(default_factory=dict)
    """By idempotency token, the request and the id of its build."""
