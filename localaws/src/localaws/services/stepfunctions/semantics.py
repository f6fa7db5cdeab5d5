"""Rules of the Amazon States Language in which moto's interpreter differs from AWS. Pure functions."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from jsonpath_ng.ext.parser import parse
from moto.stepfunctions.parser.asl.utils.json_path import NoSuchJsonPathError

# https://docs.aws.amazon.com/step-functions/latest/dg/concepts-error-handling.html: States.Runtime
# "aren't retriable, and will always cause the execution to fail"; States.ALL does not catch
# States.DataLimitExceeded; States.TaskFailed matches any error but States.Timeout.
_NEVER_CAUGHT = "States.Runtime"
_NOT_CAUGHT_BY_ALL = frozenset({"States.Runtime", "States.DataLimitExceeded"})
_NOT_CAUGHT_BY_TASK_FAILED = _NOT_CAUGHT_BY_ALL | {"States.Timeout"}

# Wildcards, slices, filters and deep scans can match several values; names and single indexes only one.
_INDEFINITE = re.compile(r"\*|\.\.|\?|\[[^\]'\"]*[:,][^\]'\"]*\]")
_QUOTED = re.compile(r"'[^']*'|\"[^\"]*\"")
_ENDS_IN_INDEX = re.compile(r"\[\d+\]$")


def catches(error_equals: list[str], error: str) -> bool:
    """Whether a Retry or Catch with these names applies to an error."""
    if error == _NEVER_CAUGHT:
        return False
    if error in error_equals:
        return True
    if "States.ALL" in error_equals:
        return error not in _NOT_CAUGHT_BY_ALL
    return "States.TaskFailed" in error_equals and error not in _NOT_CAUGHT_BY_TASK_FAILED


def extract_json(path: str, data: Any) -> Any:
    """The value at a JSONPath. Replaces ``extract_json`` of moto.

    Raises:
        NoSuchJsonPathError: a definite path matches nothing.
    """
    matches = _parsed(path).find(data)
    if _INDEFINITE.search(_QUOTED.sub("''", path)):
        values = [match.value for match in matches]
        # Step Functions unpacks a literal index at the end of an indefinite path.
        return values[0] if len(values) == 1 and _ENDS_IN_INDEX.search(path) else values
    if not matches:
        raise NoSuchJsonPathError(json_path=path, data=data)
    return matches[0].value


@lru_cache(maxsize=1_024)
def _parsed(path: str) -> Any:
    return parse(path)


def sdk_name(member: str) -> str:
    """A member of an API as Step Functions spells it: ``executionArn`` -> ``ExecutionArn``.

    The spelling is that of the Java SDK: an acronym at the start becomes a word (``DBInstances`` ->
    ``DbInstances``), elsewhere it stays (``VolumeSizeInGB``).
    """
    capitals = len(member) - len(member.lstrip("ABCDEFGHIJKLMNOPQRSTUVWXYZ"))
    if capitals == len(member):
        return member.capitalize()
    if capitals > 1 and member[capitals].islower():
        return member[0] + member[1 : capitals - 1].lower() + member[capitals - 1 :]
    return member[:1].upper() + member[1:]
