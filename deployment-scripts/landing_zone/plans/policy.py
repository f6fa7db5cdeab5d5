"""Evaluates the rules in policy/ on a plan with regopy."""

from __future__ import annotations

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT
from landing_zone.plans.document import require_plan

RULES = ROOT / "policy"
_FIELDS = ("id", "address", "msg", "label")
# regopy 1.5 prints strings with quotation marks as they are, which is no JSON: so each text is encoded.
_ROW = ", ".join(f"base64.encode(found.{field})" for field in _FIELDS)
_QUERY = (
    f"x := {{'deny': [[{_ROW}] | some found in data.main.deny], "
    f"'allowed': [[{_ROW}] | some found in data.main.allowed], "
    "'warn': [base64.encode(text) | some text in data.main.warn]}"
).replace("'", '"')


@dataclass(frozen=True)
class Violation:
    """What a plan would do against a rule, and the label that allows it."""

    rule: str
    address: str
    message: str
    label: str

    def __str__(self) -> str:
        return self.message


@dataclass(frozen=True)
class PolicyResult:
    """What the rules say about a plan."""

    violations: tuple[Violation, ...]
    # Violations that a label allows.
    allowed: tuple[Violation, ...]
    # Labels that allow nothing.
    warnings: tuple[str, ...]

    def document(self) -> dict[str, Any]:
        return asdict(self)


def evaluate(plan: Mapping[str, Any], labels: Sequence[str], rules: Path = RULES) -> PolicyResult:
    """Evaluate every rule; an error in a rule is an error here, never an empty result."""
    # Not at the top: only this needs regopy, and only the environment of the tests and of CI has it.
    try:
        from regopy import Interpreter
        from regopy.rego_shared import RegoError
    except ModuleNotFoundError as error:
        raise OperatorError(
            "regopy is not installed, so the rules in policy/ cannot be evaluated: run `make venv-test`"
        ) from error
    require_plan(plan)
    files = sorted(rules.glob("*.rego"))
    if not files:
        raise OperatorError(f"{rules} holds no rules; expected: files *.rego")
    interpreter = Interpreter()
    try:
        for file in files:
            interpreter.add_module(file.name, file.read_text(encoding="utf-8"))
        interpreter.set_input({**_input(plan), "labels": list(labels)})
        output = interpreter.query(_QUERY)
    except RegoError as error:
        raise OperatorError(f"the rules in {rules} cannot be evaluated: {error}") from error
    found = output.results[0].bindings.get("x") if output.results else None
    if found is None:
        raise OperatorError(
            f"the rules in {rules} cannot be evaluated: {str(output)[:2000] or 'undefined'}"
        )
    return PolicyResult(
        violations=_violations(found["deny"]),
        allowed=_violations(found["allowed"]),
        warnings=tuple(sorted(_decode(text) for text in found["warn"])),
    )


def _violations(rows: Sequence[Sequence[str]]) -> tuple[Violation, ...]:
    found = [Violation(*(_decode(field) for field in row)) for row in rows]
    return tuple(sorted(found, key=lambda violation: (violation.rule, violation.address)))


def _decode(text: str) -> str:
    return base64.b64decode(text, validate=True).decode()


def _input(plan: Mapping[str, Any]) -> dict[str, Any]:
    """What the rules read: the resources that change, with the JSON in their arguments parsed."""
    keys = ("address", "mode", "type")
    parts = ("actions", "before", "after", "after_unknown")
    return {
        "resource_changes": [
            {
                **{key: entry.get(key) for key in keys},
                "change": {part: _parsed(entry["change"].get(part)) for part in parts},
            }
            for entry in plan.get("resource_changes") or []
            if entry["change"]["actions"] != ["no-op"]
        ]
    }


def _parsed(value: Any) -> Any:
    """JSON texts as the objects that they hold: regopy 1.5 cannot parse every one of them itself."""
    if isinstance(value, Mapping):
        return {key: _parsed(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_parsed(item) for item in value]
    if isinstance(value, str) and value.lstrip().startswith("{"):
        try:
            found = json.loads(value)
        except ValueError:
            return value
        return found if isinstance(found, dict) else value
    return value
