"""The conditions of a policy statement ("IAM JSON policy elements: Condition operators")."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final

from localaws.core.errors import not_emulated

Values = Sequence[str]
_Test = Callable[[str, str], bool]


def _like(value: str, pattern: str) -> bool:
    parts = ("." if char == "?" else ".*" if char == "*" else re.escape(char) for char in pattern)
    return re.fullmatch("".join(parts), value, re.DOTALL) is not None


_TESTS: Final[dict[str, _Test]] = {
    "stringequals": lambda value, wanted: value == wanted,
    "stringequalsignorecase": lambda value, wanted: value.lower() == wanted.lower(),
    "stringlike": _like,
    "arnequals": _like,
    "arnlike": _like,
    "bool": lambda value, wanted: value.lower() == wanted.lower(),
}
_NEGATED: Final = {
    "stringnotequals": "stringequals",
    "stringnotequalsignorecase": "stringequalsignorecase",
    "stringnotlike": "stringlike",
    "arnnotequals": "arnequals",
    "arnnotlike": "arnlike",
}


def are_met(conditions: Mapping[str, Mapping[str, Any]], context: Mapping[str, Values]) -> bool:
    """Whether a request meets every condition.

    Args:
        conditions: the ``Condition`` element: by operator and key, the allowed values.
        context: by key in lower case, the values of the request.

    Raises:
        AwsError: an operator that localaws does not evaluate.
    """
    return all(
        _is_met(operator, _texts(wanted), context.get(key.lower()))
        for operator, keys in conditions.items()
        for key, wanted in keys.items()
    )


def _is_met(operator: str, wanted: Values, found: Values | None) -> bool:
    name = operator.lower()
    set_operator, _, rest = name.rpartition(":")
    base = rest.removesuffix("ifexists")
    if base == "null":
        return ("true" if found is None else "false") in {text.lower() for text in wanted}
    test = _TESTS.get(_NEGATED.get(base, base))
    if test is None or set_operator not in {"", "foranyvalue", "forallvalues"}:
        raise not_emulated("sts", f"the condition operator {operator} of a trust policy")
    negated = base in _NEGATED

    def is_allowed(value: str) -> bool:
        return any(test(value, text) for text in wanted) is not negated

    if not found:
        # A key that the request lacks meets ForAllValues, IfExists, and the negated operators.
        return rest != base or set_operator == "forallvalues" or (negated and not set_operator)
    if set_operator == "foranyvalue":
        return any(map(is_allowed, found))
    return all(map(is_allowed, found))


def _texts(value: Any) -> Values:
    values = value if isinstance(value, list) else [value]
    return [str(item).lower() if isinstance(item, bool) else str(item) for item in values]
