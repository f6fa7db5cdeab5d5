"""An upload to jobs/{use case}/: a zip or a CSV file."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from common.errors import InputError

PREFIX = "jobs/"
ANSWERS = "job-answers/"
_KEY = re.compile(
    rf"{PREFIX}(?P<use_case>[a-z][a-z0-9-]{{0,14}})/(?P<name>[A-Za-z0-9][A-Za-z0-9._-]{{0,99}})"
)


@dataclass(frozen=True)
class Drop:
    """One version of an object."""

    bucket: str
    key: str
    version: str

    @classmethod
    def of_event(cls, event: Mapping[str, Any]) -> Drop:
        """The object of EventBridge's event Object Created."""
        found = event["detail"]["object"]
        return cls(event["detail"]["bucket"]["name"], found["key"], found.get("version-id", ""))

    @property
    def exactly(self) -> dict[str, str]:
        """What makes a request about this version, and not about one that was uploaded meanwhile."""
        return {"VersionId": self.version} if self.version else {}

    @property
    def use_case(self) -> str:
        return self._part("use_case")

    @property
    def name(self) -> str:
        return self._part("name")

    @property
    def is_zip(self) -> bool:
        return self.key.lower().endswith(".zip")

    @property
    def id(self) -> str:
        """The same for an event that arrives twice: EventBridge may deliver an event again."""
        text = f"{self.bucket}/{self.key}/{self.version}"
        return hashlib.sha256(text.encode()).hexdigest()[:32]

    @property
    def answer_key(self) -> str:
        """Where the answer is written, outside of the prefix that starts the function."""
        return f"{ANSWERS}{self.key.removeprefix(PREFIX)}.json"

    def check(self) -> None:
        """Refuse a key that is neither jobs/{use case}/{name}.zip nor .csv."""
        if not _KEY.fullmatch(self.key) or not self.key.lower().endswith((".zip", ".csv")):
            raise InputError(
                f"{self.key}: expected {PREFIX}USE_CASE/NAME.zip or {PREFIX}USE_CASE/NAME.csv, NAME of "
                "letters, digits, dots, hyphens and underscores. Upload it with "
                "deployment-scripts/job_package.py"
            )

    def _part(self, group: str) -> str:
        found = _KEY.fullmatch(self.key)
        return found[group] if found else ""
