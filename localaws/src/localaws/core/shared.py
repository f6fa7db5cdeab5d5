"""Objects that services share, one per account and region."""

from __future__ import annotations

import threading
from typing import Any, TypeVar

T = TypeVar("T")


class SharedObjects:
    """Creates each object on first use.

    A service never holds the state of another one. Where two work together, for example the endpoints that
    SageMaker runs and its runtime invokes, the object between them lives here and both get it from their
    context.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._objects: dict[tuple[type[Any], str, str], Any] = {}

    def get(self, kind: type[T], account_id: str, region: str) -> T:
        """The object of a class, which is called without arguments."""
        with self._lock:
            key = (kind, account_id, region)
            if key not in self._objects:
                self._objects[key] = kind()
            found: T = self._objects[key]
            return found
