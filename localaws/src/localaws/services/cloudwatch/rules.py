"""The rules of composite alarms: ``ALARM("errors") AND NOT OK(latency)``.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/APIReference/API_PutCompositeAlarm.html
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final

from localaws.services.cloudwatch.errors import not_emulated, validation
from localaws.services.cloudwatch.evaluation import State

States = Callable[[str], State]
"""The state of an alarm by its name."""
_Node = Callable[[States], bool]

_TOKEN = re.compile(r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<sign>[(),])|(?P<word>[^\s(),"]+))')
_STATES: Final = {state.value: state for state in State}
MAX_ALARMS: Final = 100


@dataclass(frozen=True)
class Rule:
    """A parsed rule."""

    text: str
    alarms: tuple[str, ...]
    """The names of the alarms that it mentions."""
    _node: _Node = field(repr=False)

    def holds(self, states: States) -> bool:
        """Whether the composite alarm is in ALARM when the others have these states."""
        return self._node(states)


def parse(text: str) -> Rule:
    """Parse a rule.

    Raises:
        AwsError: ValidationError, when it is not one.
    """
    parser = _Parser(text)
    node = parser.disjunction()
    parser.end()
    alarms = tuple(dict.fromkeys(parser.alarms))
    if len(alarms) > MAX_ALARMS:
        raise validation(f"AlarmRule names {len(alarms)} alarms, the limit is {MAX_ALARMS}.")
    return Rule(text, alarms, node)


def alarm_name(reference: str) -> str:
    """The name of an alarm that a rule gives by name or by ARN."""
    found = re.fullmatch(r"arn:[^:]+:cloudwatch:[^:]*:[^:]*:alarm:(.+)", reference)
    return found[1] if found else reference


class _Parser:
    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read(text)
        self._position = 0
        self.alarms: list[str] = []

    def _read(self, text: str) -> list[str]:
        found, position, stripped = [], 0, text.rstrip()
        while position < len(stripped):
            token = _TOKEN.match(stripped, position)
            if token is None:
                raise self._invalid(f"cannot read {stripped[position:]!r}")
            found.append(token[0].strip())
            position = token.end()
        return found

    def disjunction(self) -> _Node:
        parts = [self._conjunction()]
        while self._peek().upper() == "OR":
            self._next()
            parts.append(self._conjunction())
        return lambda states: any(part(states) for part in parts)

    def _conjunction(self) -> _Node:
        parts = [self._negation()]
        while self._peek().upper() == "AND":
            self._next()
            parts.append(self._negation())
        return lambda states: all(part(states) for part in parts)

    def _negation(self) -> _Node:
        if self._peek().upper() == "NOT":
            self._next()
            inner = self._negation()
            return lambda states: not inner(states)
        return self._atom()

    def _atom(self) -> _Node:
        found = self._next()
        if found == "(":
            node = self.disjunction()
            self._expect(")")
            return node
        word = found.upper()
        if word in {"TRUE", "FALSE"}:
            return lambda _states: word == "TRUE"
        if word == "AT_LEAST":
            raise not_emulated("AT_LEAST in the rule of a composite alarm")
        if word not in _STATES:
            raise self._invalid(f"unexpected {found!r}")
        self._expect("(")
        name = alarm_name(self._name())
        self._expect(")")
        self.alarms.append(name)
        wanted = _STATES[word]
        return lambda states: states(name) is wanted

    def _name(self) -> str:
        token = self._next()
        if token.startswith('"'):
            return re.sub(r"\\(.)", r"\1", token[1:-1])
        words = [token]
        # Names with spaces need no quotes.
        while self._peek() not in {")", ""}:
            words.append(self._next())
        return " ".join(words)

    def end(self) -> None:
        if self._peek():
            raise self._invalid(f"unexpected {self._peek()!r}")

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        token = self._peek()
        if not token:
            raise self._invalid("it ends too early")
        self._position += 1
        return token

    def _expect(self, token: str) -> None:
        found = self._next()
        if found != token:
            raise self._invalid(f"expected {token!r}, found {found!r}")

    def _invalid(self, reason: str) -> Exception:
        return validation(f"AlarmRule {self._text!r} is not valid: {reason}.")
