"""What AWS's Service Authorization Reference says of the actions of a service."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import Any, Final

_VARIABLE: Final = re.compile(r"\$\{(\w+)\}")


@dataclass(frozen=True)
class Template:
    """The form of the ARNs of a resource type."""

    text: str
    pattern: re.Pattern[str]
    variables: tuple[str, ...]
    """The names of its variables, without partition, region and account."""

    def fill(self, values: Mapping[str, str]) -> str:
        """The ARN with these values."""
        return _VARIABLE.sub(lambda found: values[found[1]], self.text)


@dataclass(frozen=True)
class Action:
    """An action of a service."""

    name: str
    required: Sequence[str]
    """The resource types that a policy has to name."""
    optional: Sequence[str]
    keys: Sequence[str]
    """The condition keys, besides those that every action has."""
    needs: Sequence[str]
    """The actions that a request may need besides, for example iam:PassRole."""


@dataclass(frozen=True)
class Service:
    """The actions and resource types of a service, by name."""

    actions: Mapping[str, Action]
    templates: Mapping[str, Sequence[Template]]


@cache
def services() -> Mapping[str, Service]:
    """All services in actions.json, by the prefix of their actions."""
    text = files("localaws.services.iam.data").joinpath("actions.json").read_text()
    return {name: _service(item) for name, item in json.loads(text)["services"].items()}


def _service(item: Mapping[str, Any]) -> Service:
    actions = {
        name: Action(
            name,
            found.get("required", ()),
            found.get("optional", ()),
            found.get("keys", ()),
            found.get("needs", ()),
        )
        for name, found in item["actions"].items()
    }
    templates = {
        kind: tuple(_template(text) for text in texts) for kind, texts in item["resources"].items()
    }
    return Service(actions, templates)


def _template(text: str) -> Template:
    parts = _VARIABLE.split(text)
    expression = "".join(
        re.escape(part) if index % 2 == 0 else "[^:]*" for index, part in enumerate(parts)
    )
    variables = tuple(
        name for name in parts[1::2] if name not in {"Partition", "Region", "Account"}
    )
    return Template(text, re.compile(expression), variables)
