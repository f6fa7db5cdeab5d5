"""Wildcards in actions and in the ARNs of resources, and policy variables.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_resource.html
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import Final

Values = Sequence[str]
"""The values of one condition key in a request."""
RequestContext = Mapping[str, Values]
"""By condition key in lower case, its values in a request."""

_ARN_SEPARATORS: Final = 5
_VARIABLE = re.compile(r"\$\{([^}]*)\}")
_DEFAULT = re.compile(r"^(?P<key>[^,]+?)\s*,\s*'(?P<default>[^']*)'$")
# Two characters for private use, in place of a * and a ? that are no wildcards.
_STAR: Final = "\ue000"
_QUESTION_MARK: Final = "\ue001"
# ${*}, ${?} and ${$} stand for the characters themselves.
_LITERALS: Final = {"*": _STAR, "?": _QUESTION_MARK, "$": "$"}


class UnknownVariableError(Exception):
    """A policy variable that the request has no value for. The statement does not match then."""


def fill(text: str, context: RequestContext) -> str:
    """Replace the policy variables of a pattern.

    The characters ``*`` and ``?`` in a value are no wildcards. In the result other characters stand for them,
    which the functions of this module understand.

    Raises:
        UnknownVariableError: a variable has no value and no default, or several values.
    """
    if "${" not in text:
        return text
    return _VARIABLE.sub(lambda found: _value(found[1], context), text)


def plain(text: str) -> str:
    """A filled pattern as the text that it stands for, for operators without wildcards."""
    return text.replace(_STAR, "*").replace(_QUESTION_MARK, "?")


def matches_text(pattern: str, text: str) -> bool:
    """Whether a text matches a pattern with ``*`` and ``?``."""
    return _glob(pattern).fullmatch(text) is not None


def matches_action(pattern: str, action: str) -> bool:
    """Whether an action matches a pattern. Upper and lower case do not differ."""
    return _glob(pattern.lower()).fullmatch(action.lower()) is not None


def matches_arn(pattern: str, arn: str) -> bool:
    """Whether an ARN matches a pattern.

    The parts before the resource match one by one. Only a ``*`` at the end of a part extends beyond it.
    """
    return _arn_glob(pattern).fullmatch(arn) is not None


def _value(name: str, context: RequestContext) -> str:
    if name in _LITERALS:
        return _LITERALS[name]
    with_default = _DEFAULT.match(name)
    key = with_default["key"] if with_default else name
    values = context.get(key.strip().lower())
    if values is not None and len(values) == 1:
        return values[0].replace("*", _STAR).replace("?", _QUESTION_MARK)
    if with_default:
        return with_default["default"]
    raise UnknownVariableError(name)


@lru_cache(maxsize=8192)
def _glob(pattern: str) -> re.Pattern[str]:
    return re.compile("".join(_translated(pattern, ".*", ".")), re.DOTALL)


@lru_cache(maxsize=8192)
def _arn_glob(pattern: str) -> re.Pattern[str]:
    parts = pattern.split(":", _ARN_SEPARATORS)
    expressions = []
    for index, part in enumerate(parts):
        if index == _ARN_SEPARATORS:
            expressions.append("".join(_translated(part, ".*", ".")))
            continue
        is_open = part.endswith("*")
        expression = "".join(_translated(part[:-1] if is_open else part, "[^:]*", "[^:]"))
        expressions.append(expression + ".*" if is_open else expression)
    return re.compile(":".join(expressions), re.DOTALL)


def _translated(pattern: str, many: str, one: str) -> list[str]:
    characters = {"*": many, "?": one, _STAR: r"\*", _QUESTION_MARK: r"\?"}
    return [characters.get(char) or re.escape(char) for char in pattern]
