"""Metric math: ``m1 / FILL(m2, 0) * 100``.

The part that is here: numbers, the ids of other queries, ``+ - * /``, comparisons, AND, OR, ``IF``, ``FILL``,
and the functions ``ABS AVG CEIL DIFF FLOOR MAX METRIC_COUNT MIN PERIOD RATE RUNNING_SUM STDDEV SUM``.
Everything else, SEARCH and METRICS among it, is refused by name.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/monitoring/using-metric-math.html
"""

from __future__ import annotations

import math
import operator
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Final, TypeAlias

from localaws.services.cloudwatch.errors import not_emulated, validation

Points: TypeAlias = dict[int, float]
"""Value by the start of its period."""


@dataclass(frozen=True)
class Series:
    """The data points of a query, and the period between them."""

    points: Points
    period: int


Value: TypeAlias = "float | Series | tuple[Series, ...]"
Node: TypeAlias = Callable[["_Scope"], "Value"]

_TOKEN = re.compile(
    r"\s*(?:(?P<number>\d+(?:\.\d*)?(?:[eE][+-]?\d+)?|\.\d+)|(?P<name>[A-Za-z_][A-Za-z0-9_]*)"
    r"|(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign><=|>=|==|!=|&&|\|\||[-+*/^()<>\[\],]))"
)


def _as_number(compare: Callable[[float, float], bool]) -> Callable[[float, float], float]:
    return lambda a, b: float(compare(a, b))


_COMPARISONS: Final[dict[str, Callable[[float, float], float]]] = {
    sign: _as_number(compare)
    for sign, compare in {
        "<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge,
        "==": operator.eq, "!=": operator.ne,
    }.items()
}  # fmt: skip
_SUMS: Final = {"+": operator.add, "-": operator.sub}
_PRODUCTS: Final[dict[str, Callable[[float, float], float]]] = {
    "*": operator.mul,
    "/": lambda a, b: a / b if b else math.nan,
}
_AND: Final = {name: lambda a, b: float(bool(a) and bool(b)) for name in ("AND", "&&")}
_OR: Final = {name: lambda a, b: float(bool(a) or bool(b)) for name in ("OR", "||")}
# From loosest to tightest.
_LEVELS: Final = (_OR, _AND, _COMPARISONS, _SUMS, _PRODUCTS)


@dataclass(frozen=True)
class _Scope:
    series: Mapping[str, Series]
    times: tuple[int, ...]


@dataclass
class Expression:
    """A parsed expression."""

    text: str
    names: tuple[str, ...]
    """The ids that it mentions, in order."""
    _node: Node = field(repr=False)

    def evaluate(self, series: Mapping[str, Series], times: Iterable[int]) -> Series:
        """The series that the expression makes of others.

        Args:
            series: by id, at least all of :attr:`names`.
            times: the start of every period in the range.

        Raises:
            AwsError: the result is a number or several series, which a query cannot return.
        """
        all_times = tuple(times)
        result = self._node(_Scope(series, all_times))
        if isinstance(result, Series):
            points = {at: value for at, value in result.points.items() if math.isfinite(value)}
            return Series(points, result.period)
        kind = "a number" if isinstance(result, float) else "several time series"
        raise validation(
            f"The expression {self.text!r} results in {kind}, but it must result in one time series."
        )


def parse(text: str) -> Expression:
    """Parse an expression.

    Raises:
        AwsError: it is not one, or it uses what localaws does not have.
    """
    tokens = _tokens(text)
    names: list[str] = []
    parser = _Parser(text, tokens, names)
    node = parser.level(0)
    if parser.position != len(tokens):
        raise _invalid(text, f"unexpected {tokens[parser.position]!r}")
    return Expression(text, tuple(dict.fromkeys(names)), node)


def _tokens(text: str) -> list[str]:
    found, position = [], 0
    stripped = text.rstrip()
    while position < len(stripped):
        token = _TOKEN.match(stripped, position)
        if token is None:
            raise _invalid(text, f"cannot read {stripped[position:]!r}")
        found.append(token[0].strip())
        position = token.end()
    return found


def _invalid(text: str, reason: str) -> Any:
    return validation(f"Error in expression {text!r}: {reason}.")


class _Parser:
    def __init__(self, text: str, tokens: list[str], names: list[str]) -> None:
        self._text, self._tokens, self._names = text, tokens, names
        self.position = 0

    def level(self, number: int) -> Node:
        if number == len(_LEVELS):
            return self._unary()
        node = self.level(number + 1)
        while self._peek() in _LEVELS[number]:
            combine = _LEVELS[number][self._next()]
            node = _binary(combine, node, self.level(number + 1))
        return node

    def _unary(self) -> Node:
        if self._peek() == "-":
            self._next()
            return _binary(operator.mul, lambda _scope: -1.0, self._unary())
        return self._atom()

    def _atom(self) -> Node:
        found = self._next()
        if found == "(":
            node = self.level(0)
            self._expect(")")
            return node
        if found == "[":
            return self._array()
        if found[0].isdigit() or found[0] == ".":
            number = float(found)
            return lambda _scope: number
        if found[0] in "'\"" or not found[0].isalpha():
            raise _invalid(self._text, f"unexpected {found!r}")
        if self._peek() == "(":
            return self._call(found)
        if found[0].isupper():
            raise _invalid(self._text, f"{found} is neither an id nor a function with arguments")
        self._names.append(found)
        return lambda scope: scope.series[found]

    def _array(self) -> Node:
        nodes = [self.level(0)]
        while self._peek() == ",":
            self._next()
            nodes.append(self.level(0))
        self._expect("]")
        return lambda scope: tuple(_as_series(node(scope), scope) for node in nodes)

    def _call(self, name: str) -> Node:
        function = _FUNCTIONS.get(name)
        if function is None:
            raise not_emulated(
                f"the metric math function {name}; it has {', '.join(sorted(_FUNCTIONS))}"
            )
        self._expect("(")
        arguments: list[Node] = []
        # The only word that is an argument: how FILL fills a gap.
        if self._peek() != ")":
            arguments.append(self._argument(name))
            while self._peek() == ",":
                self._next()
                arguments.append(self._argument(name))
        self._expect(")")
        counts = _ARGUMENTS.get(name, (1,))
        if len(arguments) not in counts:
            raise _invalid(self._text, f"{name} has {len(arguments)} arguments, not {counts}")
        return lambda scope: function(scope, [argument(scope) for argument in arguments])

    def _argument(self, function: str) -> Node:
        if function == "FILL" and self._peek() in {"REPEAT", "LINEAR"}:
            word = self._next()
            if word == "LINEAR":
                raise not_emulated("FILL with LINEAR; it has FILL with a number and with REPEAT")
            return lambda _scope: math.inf
        return self.level(0)

    def _peek(self) -> str | None:
        return self._tokens[self.position] if self.position < len(self._tokens) else None

    def _next(self) -> str:
        token = self._peek()
        if token is None:
            raise _invalid(self._text, "it ends too early")
        self.position += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise _invalid(self._text, f"expected {token!r}, found {found!r}")


def _binary(combine: Callable[[float, float], float], left: Node, right: Node) -> Node:
    return lambda scope: _combine(combine, left(scope), right(scope))


def _combine(combine: Callable[[float, float], float], left: Value, right: Value) -> Value:
    if isinstance(left, tuple):
        return tuple(_one(_combine(combine, item, right)) for item in left)
    if isinstance(right, tuple):
        return tuple(_one(_combine(combine, left, item)) for item in right)
    if isinstance(left, Series) and isinstance(right, Series):
        # A time at which one of them has no value has no result.
        common = left.points.keys() & right.points.keys()
        points = {at: combine(left.points[at], right.points[at]) for at in sorted(common)}
        return Series(points, max(left.period, right.period))
    if isinstance(left, Series):
        number = _number(right)
        return Series({at: combine(v, number) for at, v in left.points.items()}, left.period)
    if isinstance(right, Series):
        number = _number(left)
        return Series({at: combine(number, v) for at, v in right.points.items()}, right.period)
    return combine(_number(left), _number(right))


def _number(value: Value) -> float:
    if isinstance(value, float):
        return value
    raise validation("A time series is used where a number must stand.")


def _one(value: Value) -> Series:
    if isinstance(value, Series):
        return value
    raise validation("An array must hold time series.")


def _as_series(value: Value, scope: _Scope) -> Series:
    if isinstance(value, float):
        period = max((s.period for s in scope.series.values()), default=60)
        return Series(dict.fromkeys(scope.times, value), period)
    return _one(value)


def _map(change: Callable[[float], float]) -> Callable[[_Scope, list[Value]], Value]:
    def apply(_scope: _Scope, arguments: list[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, float):
            return change(value)
        if isinstance(value, tuple):
            return tuple(
                Series({at: change(v) for at, v in s.points.items()}, s.period) for s in value
            )
        return Series({at: change(v) for at, v in value.points.items()}, value.period)

    return apply


def _aggregate(
    reduce: Callable[[list[float]], float],
) -> Callable[[_Scope, list[Value]], Value]:
    """One number of a series; one series of several, which has a value wherever one of them has."""

    def apply(_scope: _Scope, arguments: list[Value]) -> Value:
        value = arguments[0]
        if isinstance(value, float):
            return value
        if isinstance(value, Series):
            return reduce(list(value.points.values())) if value.points else math.nan
        times = sorted({at for series in value for at in series.points})
        points = {at: reduce([s.points[at] for s in value if at in s.points]) for at in times}
        return Series(points, max(series.period for series in value))

    return apply


def _fill(scope: _Scope, arguments: list[Value]) -> Value:
    value, filling = arguments
    if isinstance(value, tuple):
        return tuple(_one(_fill(scope, [item, filling])) for item in value)
    series = _as_series(value, scope)
    points: Points = {}
    for at in scope.times:
        if at in series.points:
            points[at] = series.points[at]
        elif isinstance(filling, Series):
            if at in filling.points:
                points[at] = filling.points[at]
        elif filling == math.inf:
            if points:
                points[at] = next(reversed(points.values()))
        else:
            points[at] = _number(filling)
    return Series(points, series.period)


def _if(_scope: _Scope, arguments: list[Value]) -> Value:
    condition, then = arguments[:2]
    otherwise = arguments[2] if len(arguments) == 3 else None
    if isinstance(condition, float):
        chosen = then if condition else otherwise
        return math.nan if chosen is None else chosen
    if isinstance(condition, tuple):
        raise validation("The condition of IF must be a number or one time series.")
    points: Points = {}
    for at, holds in condition.points.items():
        chosen = then if holds else otherwise
        found = chosen.points.get(at) if isinstance(chosen, Series) else chosen
        if isinstance(found, float):
            points[at] = found
    return Series(points, condition.period)


def _difference(*, per_second: bool) -> Callable[[_Scope, list[Value]], Value]:
    def apply(scope: _Scope, arguments: list[Value]) -> Value:
        series = _as_series(arguments[0], scope)
        ordered = sorted(series.points.items())
        points = {
            at: (value - before) / ((at - earlier) if per_second else 1)
            for (earlier, before), (at, value) in pairwise(ordered)
        }
        return Series(points, series.period)

    return apply


def _running_sum(scope: _Scope, arguments: list[Value]) -> Value:
    series = _as_series(arguments[0], scope)
    total, points = 0.0, {}
    for at, value in sorted(series.points.items()):
        total += value
        points[at] = total
    return Series(points, series.period)


def _period(scope: _Scope, arguments: list[Value]) -> Value:
    return float(_as_series(arguments[0], scope).period)


def _metric_count(_scope: _Scope, arguments: list[Value]) -> Value:
    value = arguments[0]
    return float(len(value)) if isinstance(value, tuple) else 1.0


def _deviation(values: list[float]) -> float:
    mean = sum(values) / len(values)
    return math.sqrt(sum((value - mean) ** 2 for value in values) / len(values))


_FUNCTIONS: Final[dict[str, Callable[[_Scope, list[Value]], Value]]] = {
    "ABS": _map(abs),
    "AVG": _aggregate(lambda values: sum(values) / len(values)),
    "CEIL": _map(lambda value: float(math.ceil(value))),
    "DIFF": _difference(per_second=False),
    "FILL": _fill,
    "FLOOR": _map(lambda value: float(math.floor(value))),
    "IF": _if,
    "MAX": _aggregate(max),
    "METRIC_COUNT": _metric_count,
    "MIN": _aggregate(min),
    "PERIOD": _period,
    "RATE": _difference(per_second=True),
    "RUNNING_SUM": _running_sum,
    "STDDEV": _aggregate(_deviation),
    "SUM": _aggregate(sum),
}
_ARGUMENTS: Final = {"FILL": (2,), "IF": (2, 3)}
