"""Checks of a definition before it is accepted.

The codes are those of ValidateStateMachineDefinition. moto's parser checks the grammar; the references
between states, the resources and their parameters are checked here.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from localaws.services.stepfunctions.tasks.parameters import (
    field_not_supported,
    operation_model,
    unsupported_fields,
)

_SERVICE_TASK = re.compile(
    r"arn:aws[a-z-]*:states:::(?P<service>[a-z-]+):(?P<action>[A-Za-z0-9:]+?)"
    r"(?:\.(?P<pattern>sync|sync:2|waitForTaskToken))?"
)
# Optimized integrations whose parameters are those of the API operation.
_PLAIN_INTEGRATIONS = frozenset({"sagemaker", "sns", "sqs"})
_EXTRA_FIELDS = {"sqs": {"MessageBody", "MessageAttributes"}, "sns": {"Message"}}


@dataclass(frozen=True)
class Diagnostic:
    """One finding."""

    code: str
    message: str
    location: str | None = None
    severity: Literal["ERROR", "WARNING"] = "ERROR"


def diagnose(definition: str) -> list[Diagnostic]:
    """All findings about a definition; empty when Step Functions would accept it."""
    try:
        document = json.loads(definition)
    except ValueError as error:
        return [Diagnostic("INVALID_JSON_DESCRIPTION", f"The definition is not JSON: {error}")]
    if not isinstance(document, dict):
        return [Diagnostic("INVALID_JSON_DESCRIPTION", "The definition is not a JSON object")]
    if "JSONata" in _query_languages(document):
        return [
            Diagnostic(
                "SCHEMA_VALIDATION_FAILED",
                "localaws does not emulate QueryLanguage JSONata; use JSONPath",
                "/QueryLanguage",
            )
        ]
    found = list(_check_machine(document, ""))
    return found or _check_grammar(definition)


def _check_grammar(definition: str) -> list[Diagnostic]:
    from moto.stepfunctions.parser.asl.parse.asl_parser import (
        AmazonStateLanguageParser,
        ASLParserException,
    )

    try:
        AmazonStateLanguageParser.parse(definition)
    except ASLParserException as error:
        return [Diagnostic("SCHEMA_VALIDATION_FAILED", text) for text in error.errors] or [
            Diagnostic("SCHEMA_VALIDATION_FAILED", "The definition cannot be parsed")
        ]
    except Exception as error:
        return [Diagnostic("SCHEMA_VALIDATION_FAILED", str(error) or repr(error))]
    return []


def _query_languages(value: Any) -> set[str]:
    if isinstance(value, dict):
        own = {str(value["QueryLanguage"])} if "QueryLanguage" in value else set()
        return own.union(*(_query_languages(member) for member in value.values()))
    if isinstance(value, list):
        return set().union(*(_query_languages(member) for member in value))
    return set()


def _check_machine(machine: dict[str, Any], place: str) -> Iterator[Diagnostic]:
    states = machine.get("States")
    start = machine.get("StartAt")
    if not isinstance(states, dict) or not states:
        yield Diagnostic(
            "SCHEMA_VALIDATION_FAILED", "States is missing or empty", f"{place}/States"
        )
        return
    if not isinstance(start, str) or start not in states:
        yield Diagnostic(
            "MISSING_TRANSITION_TARGET", f"Missing 'StartAt' target: {start}", f"{place}/StartAt"
        )
        return
    for name, state in states.items():
        where = f"{place}/States/{name}"
        if not isinstance(state, dict):
            yield Diagnostic("SCHEMA_VALIDATION_FAILED", "A state must be an object", where)
            return
        if len(name) > 80:
            yield Diagnostic(
                "SCHEMA_VALIDATION_FAILED",
                f"The state name has {len(name)} characters; the limit is 80",
                where,
            )
        for field, target in _transitions(state):
            if target not in states:
                message = f"Missing 'Next' target: {target}"
                yield Diagnostic("MISSING_TRANSITION_TARGET", message, f"{where}/{field}")
        yield from _check_end(state, where)
        yield from _check_task(state, where)
        for field, inner in _inner_machines(state):
            yield from _check_machine(inner, f"{where}/{field}")
    for name in sorted(set(states) - _reachable(start, states)):
        yield Diagnostic(
            "MISSING_TRANSITION_TARGET",
            f'State "{name}" is not reachable.',
            f"{place}/States/{name}",
        )


def _transitions(state: dict[str, Any]) -> Iterator[tuple[str, Any]]:
    for field in ("Next", "Default"):
        if field in state:
            yield field, state[field]
    for field in ("Choices", "Catch"):
        for index, rule in enumerate(state.get(field) or []):
            if isinstance(rule, dict) and "Next" in rule:
                yield f"{field}[{index}]/Next", rule["Next"]


def _check_end(state: dict[str, Any], where: str) -> Iterator[Diagnostic]:
    terminal = state.get("Type") in {"Choice", "Fail", "Succeed"}
    if not terminal and "Next" not in state and state.get("End") is not True:
        yield Diagnostic("SCHEMA_VALIDATION_FAILED", "The state has neither Next nor End", where)


def _inner_machines(state: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for index, branch in enumerate(state.get("Branches") or []):
        yield f"Branches[{index}]", branch
    for field in ("ItemProcessor", "Iterator"):
        if isinstance(state.get(field), dict):
            yield field, state[field]


def _reachable(start: str, states: dict[str, Any]) -> set[str]:
    seen: set[str] = set()
    ahead = [start]
    while ahead:
        name = ahead.pop()
        if name in states and name not in seen:
            seen.add(name)
            ahead += [target for _, target in _transitions(states[name])]
    return seen


def _check_task(state: dict[str, Any], where: str) -> Iterator[Diagnostic]:
    resource = state.get("Resource")
    if state.get("Type") != "Task" or not isinstance(resource, str):
        return
    parts = _SERVICE_TASK.fullmatch(resource)
    if parts is None:
        return
    service, action = parts["service"], parts["action"]
    if service == "aws-sdk":
        service, _, action = action.partition(":")
    elif service not in _PLAIN_INTEGRATIONS:
        return
    operation = operation_model(service, action)
    if operation is None or (service == "sagemaker" and not _optimized(parts)):
        yield Diagnostic(
            "SCHEMA_VALIDATION_FAILED",
            f"The resource provided {resource} is not recognized. The value is not a valid resource "
            "ARN, or the resource is not available in this region.",
            f"{where}/Resource",
        )
        return
    unknown = unsupported_fields(operation, state.get("Parameters") or {})
    for name in unknown:
        if name not in _EXTRA_FIELDS.get(service, ()):
            yield Diagnostic(
                "SCHEMA_VALIDATION_FAILED", field_not_supported(name), f"{where}/Parameters"
            )


def _optimized(parts: re.Match[str]) -> bool:
    from localaws.services.stepfunctions.tasks.sagemaker import ACTIONS

    if parts["service"] == "aws-sdk":
        return parts["pattern"] in (None, "waitForTaskToken")
    if parts["action"] not in ACTIONS:
        return False
    return parts["pattern"] is None or (
        parts["pattern"] == "sync" and ACTIONS[parts["action"]] is not None
    )
