"""The conditions of a statement.

https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_policies_elements_condition_operators.html
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal, InvalidOperation
from typing import Any, Final

from localaws.services.iam.matching import (
    RequestContext,
    UnknownVariableError,
    Values,
    fill,
    matches_arn,
    matches_text,
    plain,
)

_Test = Callable[[str, str], bool]
_SET_OPERATORS: Final = ("", "foranyvalue", "forallvalues")
_OPERATOR = re.compile(r"(?:(?P<set>\w+):)?(?P<base>\w+?)(?P<optional>IfExists)?", re.IGNORECASE)


class ConditionError(ValueError):
    """A condition that IAM does not accept; the text says what is wrong with it."""


@dataclass(frozen=True)
class Condition:
    """One condition key of a statement, with its operator and the values to compare with."""

    operator: str
    key: str
    values: tuple[str, ...]

    def __post_init__(self) -> None:
        _parsed(self.operator)

    def is_met(self, context: RequestContext, *, variables: bool = True) -> bool:
        """Whether a request meets the condition.

        Args:
            context: the condition keys of the request.
            variables: whether ``${...}`` is a variable, as in policies of version 2012-10-17.
        """
        set_operator, base, optional = _parsed(self.operator)
        found = context.get(self.key.lower())
        if base == "null":
            return ("true" if found is None else "false") in {
                value.lower() for value in self.values
            }
        test, negated, pattern = _TESTS[base]
        if not found:
            # A key that the request lacks meets IfExists, ForAllValues and the negated operators.
            return optional or set_operator == "forallvalues" or (negated and not set_operator)
        try:
            wanted = [fill(value, context) if variables else value for value in self.values]
        except UnknownVariableError:
            return False
        if not pattern:
            wanted = [plain(value) for value in wanted]
        return _compare(test, set_operator, found, wanted, negated=negated)


def parse_conditions(element: Any) -> tuple[Condition, ...]:
    """The conditions of a ``Condition`` element.

    Raises:
        ConditionError: the element is not what IAM accepts.
    """
    if not isinstance(element, dict):
        raise ConditionError("The Condition element must be an object")
    conditions = []
    for operator, keys in element.items():
        if not isinstance(keys, dict):
            raise ConditionError(f"The condition operator {operator} must have an object of keys")
        for key, values in keys.items():
            items = values if isinstance(values, list) else [values]
            conditions.append(Condition(operator, key, tuple(_text(item) for item in items)))
    return tuple(conditions)


def _compare(
    test: _Test, set_operator: str, found: Values, wanted: list[str], *, negated: bool
) -> bool:
    def is_allowed(value: str) -> bool:
        return any(test(value, text) for text in wanted) is not negated

    if set_operator == "foranyvalue":
        return any(map(is_allowed, found))
    return all(map(is_allowed, found))


def _parsed(operator: str) -> tuple[str, str, bool]:
    found = _OPERATOR.fullmatch(operator)
    set_operator = (found["set"] or "").lower() if found else ""
    base = found["base"].lower() if found else ""
    known = base in _TESTS or (base == "null" and found is not None and not found["optional"])
    if found is None or not known or set_operator not in _SET_OPERATORS:
        raise ConditionError(f"Invalid Condition type : {operator}.")
    return set_operator, base, bool(found["optional"])


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str | int | float):
        return str(value)
    raise ConditionError(f"A condition value must be a text, a number or a boolean, not {value!r}")


def _number(compare: Callable[[Decimal, Decimal], bool]) -> _Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(Decimal(value), Decimal(wanted))
        except InvalidOperation:
            return False

    return test


def _moment(text: str) -> datetime:
    if re.fullmatch(r"-?\d{5,}(\.\d+)?", text):
        return datetime.fromtimestamp(float(text), UTC)
    found = datetime.fromisoformat(text)
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def _date(compare: Callable[[datetime, datetime], bool]) -> _Test:
    def test(value: str, wanted: str) -> bool:
        try:
            return compare(_moment(value), _moment(wanted))
        except (ValueError, OverflowError):
            return False

    return test


def _in_network(value: str, wanted: str) -> bool:
    try:
        return ipaddress.ip_address(value) in ipaddress.ip_network(wanted, strict=False)
    except ValueError:
        return False


def _equals(value: str, wanted: str) -> bool:
    return value == wanted


def _equals_ignoring_case(value: str, wanted: str) -> bool:
    return value.lower() == wanted.lower()


def _like(value: str, wanted: str) -> bool:
    return matches_text(wanted, value)


def _arn_like(value: str, wanted: str) -> bool:
    return matches_arn(wanted, value)


# By operator in lower case: how one value is compared, whether the result is negated, whether * and ? are
# wildcards. ArnEquals and ArnLike are the same on AWS.
_TESTS: Final[dict[str, tuple[_Test, bool, bool]]] = {
    "stringequals": (_equals, False, False),
    "stringnotequals": (_equals, True, False),
    "stringequalsignorecase": (_equals_ignoring_case, False, False),
    "stringnotequalsignorecase": (_equals_ignoring_case, True, False),
    "stringlike": (_like, False, True),
    "stringnotlike": (_like, True, True),
    "arnequals": (_arn_like, False, True),
    "arnlike": (_arn_like, False, True),
    "arnnotequals": (_arn_like, True, True),
    "arnnotlike": (_arn_like, True, True),
    "numericequals": (_number(lambda a, b: a == b), False, False),
    "numericnotequals": (_number(lambda a, b: a == b), True, False),
    "numericlessthan": (_number(lambda a, b: a < b), False, False),
    "numericlessthanequals": (_number(lambda a, b: a <= b), False, False),
    "numericgreaterthan": (_number(lambda a, b: a > b), False, False),
    "numericgreaterthanequals": (_number(lambda a, b: a >= b), False, False),
    "dateequals": (_date(lambda a, b: a == b), False, False),
    "datenotequals": (_date(lambda a, b: a == b), True, False),
    "datelessthan": (_date(lambda a, b: a < b), False, False),
    "datelessthanequals": (_date(lambda a, b: a <= b), False, False),
    "dategreaterthan": (_date(lambda a, b: a > b), False, False),
    "dategreaterthanequals": (_date(lambda a, b: a >= b), False, False),
    "bool": (_equals_ignoring_case, False, False),
    "binaryequals": (_equals, False, False),
    "ipaddress": (_in_network, False, False),
    "notipaddress": (_in_network, True, False),
}
