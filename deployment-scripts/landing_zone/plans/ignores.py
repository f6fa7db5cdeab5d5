"""config/drift-ignore.yaml: drift that is known and left, each entry with its reason and its end."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

import yaml

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

FILE = "config/drift-ignore.yaml"
SCHEMA = "config/drift-ignore.schema.json"


@dataclass(frozen=True)
class Ignore:
    """Drift of one attribute of some resources that is not reported until a date."""

    # A pattern with * and ?; [ ] are part of addresses and mean themselves.
    address: str
    # The name of an attribute, * for each, or deleted.
    attribute: str
    reason: str
    expires: date

    def covers(self, address: str, attribute: str) -> bool:
        pattern = self.address.replace("[", "[[]")
        return fnmatchcase(address, pattern) and self.attribute in {"*", attribute}

    def error(self, today: date, *, used: bool) -> str:
        """Why this entry must go or be renewed; empty while it is good."""
        entry = f"{FILE}: {self.address} {self.attribute}"
        if self.expires < today:
            return (
                f"{entry} expired on {self.expires}. Correct the drift, or renew the date with "
                f"the reason why it still holds (now: {self.reason})"
            )
        if not used:
            return f"{entry} matches no drift: remove the entry (its reason: {self.reason})"
        return ""


def read_ignores(root: Path = ROOT) -> list[Ignore]:
    """The entries of the file; one without a reason or an end is refused."""
    path = root / FILE
    if not path.is_file():
        return []
    try:
        content = yaml.safe_load(path.read_text(encoding="utf-8"))
    except yaml.YAMLError as error:
        raise OperatorError(f"{path} is no YAML: {error}") from error
    _check(content, path, root)
    return [
        Ignore(
            row["address"], row["attribute"], row["reason"], date.fromisoformat(str(row["expires"]))
        )
        for row in content["ignore"]
    ]


def _check(content: Any, path: Path, root: Path) -> None:
    import fastjsonschema

    schema = json.loads((root / SCHEMA).read_text(encoding="utf-8"))
    # YAML reads 2026-01-31 as a date, JSON schema knows texts only.
    texts = json.loads(json.dumps(content, default=str))
    try:
        fastjsonschema.validate(schema, texts)
    except fastjsonschema.JsonSchemaValueException as error:
        raise OperatorError(
            f"{path}: {error.message}; found: {error.value!r}. {SCHEMA} describes an entry: address, "
            "attribute, reason, expires"
        ) from error
