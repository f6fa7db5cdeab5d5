"""One repository: what is in it, and the lock that every change of its refs takes."""

from __future__ import annotations

import re
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Final

from localaws.services.git import changes
from localaws.services.git.commands import git
from localaws.services.git.events import Push, RepositoryEvent
from localaws.services.git.pull_requests import PullRequests

_FORBIDDEN = re.compile(
    r"[\x00-\x20\x7f~^:?*\[\\]|\.\.|@\{|//|\.lock(/|$)|(^|/)\.|\.$|/$|^/|^-|^@$|^$"
)
_COMMIT_ID = re.compile(r"[0-9a-f]{4,40}")
_PERSON = re.compile(r"(?P<name>.*) <(?P<email>.*)> (?P<seconds>-?\d+) (?P<zone>[+-]\d{4})")
# Attributes in a commit must not change what an archive of it contains: no omitted files, no substitutions.
_ATTRIBUTES: Final = "* -export-ignore -export-subst -text -ident -filter -working-tree-encoding\n"
_SETTINGS: Final = {
    "http.receivepack": "true",
    "http.getanyfile": "false",
    "uploadpack.allowFilter": "true",
    "uploadpack.allowAnySHA1InWant": "true",
    "core.logAllRefUpdates": "false",
}


@dataclass(frozen=True)
class Person:
    """Who made a commit, and when."""

    name: str
    email: str
    date: datetime
    raw_date: str
    """As Git stores it: ``1700000000 +0100``."""


@dataclass(frozen=True)
class Commit:
    """A commit."""

    id: str
    message: str
    author: str
    """The name of the author."""
    date: datetime
    """When the commit was made, aware, UTC."""
    authored: Person
    committed: Person
    tree: str
    parents: tuple[str, ...]


@dataclass(eq=False)
class Repository:
    """A bare repository.

    Args:
        name: ``NAME`` of a repository of CodeCommit, ``OWNER/REPO`` of one behind a connection.
        path: its directory.
        clone_url: where Git clients find it.
        now: the clock.
    """

    name: str
    path: Path
    clone_url: str
    now: Callable[[], datetime]
    pull_requests: PullRequests = field(init=False, repr=False)
    _lock: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _audience: list[Callable[[RepositoryEvent], None]] = field(default_factory=list, repr=False)

    def __post_init__(self) -> None:
        self.pull_requests = PullRequests(self)

    @classmethod
    def create(
        cls, name: str, path: Path, clone_url: str, now: Callable[[], datetime]
    ) -> Repository:
        """Make an empty repository.

        Raises:
            AwsError: Git is not installed.
        """
        git(path, "init", "--quiet", "--bare", "--template=", "--initial-branch=main", str(path))
        for setting, value in _SETTINGS.items():
            git(path, "config", setting, value)
        info = path / "info"
        info.mkdir(exist_ok=True)
        (info / "attributes").write_text(_ATTRIBUTES)
        return cls(name, path, clone_url, now)

    @property
    def default_branch(self) -> str | None:
        """The default branch; None while the repository is empty."""
        now = changes.snapshot(self.path)
        return now.head.removeprefix("refs/heads/") if now.default_commit else None

    def branches(self) -> dict[str, str]:
        """Branch -> commit."""
        return self._refs("refs/heads/")

    def tags(self) -> dict[str, str]:
        """Tag -> the object that it names: a commit, or the tag object of an annotated tag."""
        return self._refs("refs/tags/")

    def resolve(self, ref: str) -> Commit | None:
        """The commit that a branch, a tag, a full ref, ``HEAD`` or a commit id names, in this order."""
        name = self.resolve_id(ref)
        return self.commit(name) if name else None

    def resolve_id(self, ref: str) -> str | None:
        """The id of what :meth:`resolve` returns."""
        if not is_ref_name(ref):
            return None
        candidates = [f"refs/heads/{ref}", f"refs/tags/{ref}"]
        if ref.startswith("refs/") or ref == "HEAD" or _COMMIT_ID.fullmatch(ref):
            candidates.append(ref)
        for candidate in candidates:
            found = changes.commit_of(self.path, candidate)
            if found:
                return found
        return None

    def commit(self, commit_id: str) -> Commit:
        """A commit by its full id."""
        raw = git(self.path, "cat-file", "commit", commit_id).decode(errors="replace")
        header, _, message = raw.partition("\n\n")
        values: dict[str, list[str]] = {}
        for line in header.splitlines():
            key, _, value = line.partition(" ")
            values.setdefault(key, []).append(value)
        author, committer = (_person(values[key][0]) for key in ("author", "committer"))
        return Commit(
            id=commit_id,
            message=message,
            author=author.name,
            date=committer.date,
            authored=author,
            committed=committer,
            tree=values["tree"][0],
            parents=tuple(values.get("parent", ())),
        )

    def archive(self, commit_id: str) -> bytes:
        """The files of a commit as a zip file, with their modes. Submodules are empty folders."""
        return git(self.path, "archive", "--format=zip", self._known(commit_id))

    def changed_files(self, before: str | None, after: str) -> tuple[str, ...]:
        """The sorted paths that differ between two commits; without ``before``, all of ``after``."""
        start = self._known(before) if before else None
        return changes.changed_files(self.path, start, self._known(after))

    @contextmanager
    def changing(self, caller: str) -> Iterator[None]:
        """A block that may change refs. Every ref that it has changed is announced as a push.

        One block runs at a time, so that each change is announced once. A block therefore waits neither for a
        client nor for another repository.

        Args:
            caller: the ARN of the identity that makes the changes.
        """
        with self._lock:
            before = changes.snapshot(self.path)
            try:
                yield
            finally:
                # A block that failed may have changed some refs.
                self._announce_changes(before, caller)

    def announce(self, event: RepositoryEvent) -> None:
        """Tell every listener of the regions that know this repository."""
        for tell in list(self._audience):
            tell(event)

    def add_audience(self, tell: Callable[[RepositoryEvent], None]) -> None:
        """Announce the events of this repository there too."""
        if tell not in self._audience:
            self._audience.append(tell)

    def remove_audience(self, tell: Callable[[RepositoryEvent], None]) -> None:
        """Stop announcing events there."""
        self._audience = [known for known in self._audience if known != tell]

    def _announce_changes(self, before: changes.Snapshot, caller: str) -> None:
        after = changes.snapshot(self.path)
        if before.default_commit is None and after.default_commit is None:
            after = self._choose_default_branch(after)
        base = before.default_commit or after.default_commit
        for ref, old, new in changes.changed_refs(before, after):
            commit = changes.commit_of(self.path, new) if new else None
            files = self._files_of(ref, old, commit, base, after) if commit else ()
            self.announce(Push(self, ref, old, new, commit, files, caller))
        self.pull_requests.follow(after, caller, self.now())

    def _files_of(
        self, ref: str, old: str | None, commit: str, base: str | None, after: changes.Snapshot
    ) -> tuple[str, ...]:
        start = changes.commit_of(self.path, old) if old else None
        if start is None and base and not (ref == after.head and base == commit):
            start = changes.merge_base(self.path, base, commit)
        return changes.changed_files(self.path, start, commit)

    def _choose_default_branch(self, now: changes.Snapshot) -> changes.Snapshot:
        # As on CodeCommit and GitHub, the first branch that is pushed becomes the default branch.
        pushed = sorted(ref for ref in now.refs if ref.startswith("refs/heads/"))
        if not pushed:
            return now
        chosen = next((ref for ref in pushed if ref == "refs/heads/master"), pushed[0])
        git(self.path, "symbolic-ref", "HEAD", chosen)
        return changes.Snapshot(now.refs, chosen)

    def _refs(self, prefix: str) -> dict[str, str]:
        refs = changes.snapshot(self.path).refs
        return {
            ref.removeprefix(prefix): name for ref, name in refs.items() if ref.startswith(prefix)
        }

    def _known(self, commit_id: str) -> str:
        found = self.resolve_id(commit_id)
        if found is None:
            raise LookupError(f"{self.name} has no commit {commit_id}")
        return found


def is_ref_name(name: str) -> bool:
    """Whether Git allows a name for a branch or tag."""
    return not _FORBIDDEN.search(name) and not name.startswith("-")


def _person(text: str) -> Person:
    found = _PERSON.fullmatch(text)
    if not found:
        return Person(text, "", datetime.fromtimestamp(0, UTC), "0 +0000")
    moment = datetime.fromtimestamp(int(found["seconds"]), UTC)
    return Person(found["name"], found["email"], moment, f"{found['seconds']} {found['zone']}")
