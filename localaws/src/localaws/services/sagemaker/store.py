"""The records of the service: what exists, under which name and ARN."""

from __future__ import annotations

import threading
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

from localaws.core.context import Context
from localaws.services.sagemaker.errors import validation


@dataclass
class Record:
    """Anything that has a name, an ARN and tags."""

    name: str
    arn: str
    request: dict[str, Any]
    created: datetime
    modified: datetime
    tags: dict[str, str] = field(default_factory=dict)

    def echo(self, members: Iterable[str]) -> dict[str, Any]:
        """Members of the request that a Describe operation returns as they were given."""
        return {member: self.request[member] for member in members if member in self.request}


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """The records of one kind by name.

    Args:
        context: the surroundings of the service.
        kind: the word in the ARNs of the records, e.g. ``endpoint-config``.
        lock: the lock of the store.
    """

    def __init__(self, context: Context, kind: str, lock: threading.RLock) -> None:
        self.kind = kind
        self.lock = lock
        self._words = {"endpoint-config": "endpoint configuration"}.get(kind, kind)
        self._context = context
        self._records: dict[str, R] = {}

    def arn(self, name: str) -> str:
        """The ARN of a record with this name. SageMaker writes names in ARNs in lower case."""
        return self._context.arn("sagemaker", f"{self.kind}/{name.lower()}")

    def get(self, name: str) -> R | None:
        """The record, or None."""
        with self.lock:
            return self._records.get(name)

    def find(self, name: str) -> R:
        """The record.

        Raises:
            AwsError: it does not exist.
        """
        record = self.get(name)
        if record is None:
            raise validation(f'Could not find {self._words} "{self.arn(name)}".')
        return record

    def require_free(self, name: str) -> None:
        """Check that no record has this name.

        Raises:
            AwsError: there is one.
        """
        if self.get(name):
            raise validation(f'Cannot create already existing {self._words} "{self.arn(name)}".')

    def put(self, record: R) -> None:
        """Add a record under its name."""
        with self.lock:
            self._records[record.name] = record

    def remove(self, name: str) -> None:
        """Forget a record."""
        with self.lock:
            self._records.pop(name, None)

    def all(self) -> list[R]:
        """Every record, oldest first."""
        with self.lock:
            return list(self._records.values())


class Store:
    """All tables of one account and region, under one lock."""

    def __init__(self, context: Context) -> None:
        self.lock = threading.RLock()
        self._context = context
        self._tables: dict[str, Table[Any]] = {}

    def table(self, kind: str) -> Table[Any]:
        """The table of a kind, which is created on first use."""
        with self.lock:
            if kind not in self._tables:
                self._tables[kind] = Table(self._context, kind, self.lock)
            return self._tables[kind]

    def by_arn(self, arn: str) -> Record | None:
        """The record with this ARN, of any kind."""
        with self.lock:
            return next(
                (r for t in self._tables.values() for r in t.all() if r.arn == arn.lower()), None
            )

    def now(self) -> datetime:
        """The time in whole milliseconds, which is what clients see: they use it as a bound in lists."""
        now = self._context.clock.now()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def tag_map(tags: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """``[{"Key": .., "Value": ..}]`` as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """The reverse of :func:`tag_map`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]
