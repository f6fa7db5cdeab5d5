"""The repositories of a region, those who listen to them, and the index of all URLs."""

from __future__ import annotations

import itertools
import logging
import queue
import re
import shutil
import threading
import uuid
from collections.abc import Callable, Iterator
from typing import Final, TypeAlias

from localaws.core.context import ACCOUNT_ID, Context
from localaws.services.git.events import RepositoryEvent
from localaws.services.git.pull_requests import PullRequests
from localaws.services.git.repository import Repository

Listener: TypeAlias = Callable[[RepositoryEvent], None]

HOSTED_NAME: Final = re.compile(r"[A-Za-z0-9_][\w.-]*/[A-Za-z0-9_][\w.-]*", re.ASCII)
"""OWNER/REPO."""
# What no region owns is kept under this name.
_GLOBAL: Final = "aws-global"
_log = logging.getLogger(__name__)


class Repositories:
    """The repositories that the services of one account and region know.

    These are the repositories of CodeCommit in this region, named ``NAME``, and those to which a connection
    of this region gives access, named ``OWNER/REPO``. Get it from ``context.shared(Repositories)``.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._repositories: dict[str, Repository] = {}
        self._listeners: list[Listener] = []
        self._queue: queue.SimpleQueue[RepositoryEvent] = queue.SimpleQueue()
        self._thread: threading.Thread | None = None
        self.pull_request_numbers: Iterator[int] = itertools.count(1)
        """The ids of the pull requests of CodeCommit, which are unique in account and region."""

    def find(self, name: str) -> Repository | None:
        """The repository ``NAME`` of CodeCommit, or ``OWNER/REPO`` behind a connection."""
        with self._lock:
            return self._repositories.get(name)

    def subscribe(self, listener: Listener) -> None:
        """Call ``listener`` with every event of these repositories, in their order.

        It is called on a thread of its own, without a lock, after the change was made. Its exceptions are
        logged.
        """
        with self._lock:
            self._listeners.append(listener)

    def add(self, repository: Repository) -> None:
        """Make a repository known in this region."""
        with self._lock:
            self._repositories[repository.name] = repository
        repository.add_audience(self._announce)

    def remove(self, name: str) -> None:
        """Forget a repository."""
        with self._lock:
            repository = self._repositories.pop(name, None)
        if repository:
            repository.remove_audience(self._announce)

    def rename(self, old: str, new: str) -> None:
        """Know a repository by another name."""
        with self._lock:
            repository = self._repositories.pop(old)
            repository.name = new
            self._repositories[new] = repository

    def _announce(self, event: RepositoryEvent) -> None:
        with self._lock:
            if self._thread is None:
                self._thread = threading.Thread(target=self._run, name="git-events", daemon=True)
                self._thread.start()
        self._queue.put(event)

    def _run(self) -> None:
        while True:
            event = self._queue.get()
            with self._lock:
                listeners = list(self._listeners)
            for listener in listeners:
                try:
                    listener(event)
                except Exception:
                    _log.exception("a listener failed on %r", event)


class RepositoryUrls:
    """All repositories of the server by their URL."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._codecommit: dict[tuple[str, str], Repository] = {}
        self._hosted: dict[str, Repository] = {}

    def codecommit(self, name: str, region: str | None) -> dict[str, Repository]:
        """Region -> the repository of CodeCommit of this name, in one region or in all."""
        with self._lock:
            return {
                place: repository
                for (place, known), repository in self._codecommit.items()
                if known == name and region in {None, place}
            }

    def hosted(self, name: str) -> Repository | None:
        """The repository ``OWNER/REPO``."""
        with self._lock:
            return self._hosted.get(name)

    def add_codecommit(self, region: str, repository: Repository) -> None:
        """Serve a repository of CodeCommit."""
        with self._lock:
            self._codecommit[region, repository.name] = repository

    def remove_codecommit(self, region: str, name: str) -> None:
        """Serve a repository of CodeCommit no longer."""
        with self._lock:
            self._codecommit.pop((region, name), None)

    def add_hosted(self, repository: Repository) -> Repository:
        """Serve a repository OWNER/REPO, unless one of this name is served already. Returns that one."""
        with self._lock:
            return self._hosted.setdefault(repository.name, repository)


def repository_urls(context: Context) -> RepositoryUrls:
    """The index of the server, from the context of any region."""
    return context.shared_objects.get(RepositoryUrls, ACCOUNT_ID, _GLOBAL)


def create_codecommit(context: Context, name: str) -> Repository:
    """Make an empty repository of CodeCommit, which does not exist yet, and serve it.

    Raises:
        AwsError: Git is not installed.
    """
    repository = _create(context, name, f"/v1/repos/{name}")
    repositories = context.shared(Repositories)
    repository.pull_requests = PullRequests(
        repository, repositories.pull_request_numbers, close_without_branch=False
    )
    repository_urls(context).add_codecommit(context.region, repository)
    repositories.add(repository)
    return repository


def rename_codecommit(context: Context, old: str, new: str) -> None:
    """Serve a repository of CodeCommit under another name."""
    urls, repositories = repository_urls(context), context.shared(Repositories)
    repositories.rename(old, new)
    repository = repositories.find(new)
    assert repository
    repository.clone_url = f"{context.endpoint_url}/v1/repos/{new}"
    urls.remove_codecommit(context.region, old)
    urls.add_codecommit(context.region, repository)


def delete_codecommit(context: Context, name: str) -> None:
    """Remove a repository of CodeCommit with everything in it."""
    repositories = context.shared(Repositories)
    repository = repositories.find(name)
    repository_urls(context).remove_codecommit(context.region, name)
    repositories.remove(name)
    if repository:
        # A clone that is under way fails, as it does on AWS.
        shutil.rmtree(repository.path, ignore_errors=True)


def open_hosted(context: Context, name: str) -> Repository:
    """The repository OWNER/REPO, made empty if there is none.

    Raises:
        AwsError: Git is not installed.
    """
    urls = repository_urls(context)
    return urls.hosted(name) or urls.add_hosted(_create(context, name, f"/{name}.git"))


def _create(context: Context, name: str, url_path: str) -> Repository:
    # The name may change, and another region may have the same.
    path = context.work_dir / f"{uuid.uuid4().hex}.git"
    return Repository.create(name, path, f"{context.endpoint_url}{url_path}", context.clock.now)
