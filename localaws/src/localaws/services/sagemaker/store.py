"""The records of the service: what exists, under which name and ARN, and how it is listed."""

from __future__ import annotations

import base64
import binascii
import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Generic, TypeVar

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


R = TypeVar("R", bound=Record)


class Table(Generic[R]):
    """The records of one kind by name."""

    def __init__(self, lock: threading.RLock) -> None:
        self.lock = lock
        self._records: dict[str, R] = {}

    def get(self, name: str) -> R | None:
        """The record, or None."""
        with self.lock:
            return self._records.get(name)

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

    def __init__(self) -> None:
        self.lock = threading.RLock()
        self._tables: dict[str, Table[Any]] = {}

    def table(self, kind: str) -> Table[Any]:
        """The table of a kind, e.g. ``training-job``; the kind is the word in the ARN."""
        with self.lock:
            return self._tables.setdefault(kind, Table(self.lock))

    def by_arn(self, arn: str) -> Record | None:
        """The record with this ARN, of any kind."""
        with self.lock:
            return next(
                (r for t in self._tables.values() for r in t.all() if r.arn == arn.lower()), None
            )


def tag_map(tags: Iterable[dict[str, str]] | None) -> dict[str, str]:
    """``[{"Key": .., "Value": ..}]`` as a dictionary."""
    return {tag["Key"]: tag["Value"] for tag in tags or []}


def tag_list(tags: dict[str, str]) -> list[dict[str, str]]:
    """The reverse of :func:`tag_map`."""
    return [{"Key": key, "Value": value} for key, value in tags.items()]


_DEFAULT_PAGE = 100


def list_page(
    records: Iterable[R],
    params: dict[str, Any],
    *,
    status: Callable[[R], str] | None = None,
    descending: bool = False,
) -> tuple[list[R], str | None]:
    """Filter, sort and cut records as every List operation of SageMaker does.

    Args:
        records: all of them.
        params: the request; NameContains, StatusEquals, the four time bounds, SortBy, SortOrder,
            MaxResults and NextToken are honoured.
        status: reads a record's status, where the kind has one.
        descending: the order when the request names none.
    """
    chosen = [r for r in records if _matches(r, params, status)]
    keys: dict[str, Callable[[R], Any]] = {
        "Name": lambda r: r.name,
        "CreationTime": lambda r: r.created,
        "Status": lambda r: status(r) if status else "",
    }
    order = params.get("SortOrder")
    reverse = order == "Descending" if order else descending
    chosen.sort(key=keys[params.get("SortBy") or "CreationTime"], reverse=reverse)
    start = _read_token(params.get("NextToken"))
    end = start + (params.get("MaxResults") or _DEFAULT_PAGE)
    token = base64.b64encode(str(end).encode()).decode() if end < len(chosen) else None
    return chosen[start:end], token


def _matches(record: R, params: dict[str, Any], status: Callable[[R], str] | None) -> bool:
    wanted = params.get("StatusEquals")
    return (
        params.get("NameContains", "").lower() in record.name.lower()
        and (not wanted or status is None or status(record) == wanted)
        and _within(record.created, params, "CreationTime")
        and _within(record.modified, params, "LastModifiedTime")
    )


def _within(moment: datetime, params: dict[str, Any], name: str) -> bool:
    after, before = params.get(f"{name}After"), params.get(f"{name}Before")
    return not (after and moment <= after) and not (before and moment >= before)


def _read_token(token: str | None) -> int:
    if not token:
        return 0
    try:
        return int(base64.b64decode(token, validate=True))
    except (binascii.Error, ValueError):
        raise validation(
            f"NextToken '{token}' is invalid. Use the NextToken of the previous response."
        ) from None
