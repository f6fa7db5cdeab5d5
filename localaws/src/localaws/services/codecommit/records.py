"""What CodeCommit keeps about repositories besides their contents."""

from __future__ import annotations

import threading
import uuid
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from localaws.services.git.repository import Repository


@dataclass
class RepositoryRecord:
    """One repository."""

    repository: Repository
    created: datetime
    modified: datetime
    description: str | None = None
    kms_key_id: str | None = None
    tags: dict[str, str] = field(default_factory=dict)
    triggers: list[dict[str, Any]] = field(default_factory=list)
    triggers_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    """The configuration id, which changes with every PutRepositoryTriggers."""
    id: str = field(default_factory=lambda: str(uuid.uuid4()))

    @property
    def name(self) -> str:
        """The name of the repository."""
        return self.repository.name


@dataclass
class Records:
    """The repositories of CodeCommit in an account and region, by name, and the lock that guards them."""

    by_name: dict[str, RepositoryRecord] = field(default_factory=dict)
    lock: threading.RLock = field(default_factory=threading.RLock)
