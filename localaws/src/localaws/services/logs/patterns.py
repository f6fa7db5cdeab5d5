"""Filter patterns of CloudWatch Logs: terms, JSON and space-delimited.

https://docs.aws.amazon.com/AmazonCloudWatch/latest/logs/FilterAndPatternSyntax.html
"""

from __future__ import annotations

import json
import operator
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Final

_MISSING: Final = object()
_TERM = re.compile(
    r'(?P<sign>[?-]?)(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|%(?P<regex>[^%]+)%|(?P<word>\S+))'
)
_TOKEN = re.compile(
    r'\s*(?:(?P<text>"(?:[^"\\]|\\.)*")|(?P<regex>%[^%]+%)|(?P<sign>&&|\|\||!=|<=|>=|[=<>(){},])'
    r"|(?P<word>[^\s=<>!&|(){},\"%]+))"
)
_STEP = re.compile(r"\.(?P<name>[^.\[\]]+)|\[(?P<index>\d+)\]|\[['\"](?P<key>[^'\"]+)['\"]\]")
_ORDER: Final = {"<": operator.lt, ">": operator.gt, "<=": operator.le, ">=": operator.ge}
_SPLIT = re.compile(r'"((?:[^"\\]|\\.)*)"|\[([^\]]*)\]|(\S+)')

Lookup = Callable[[str], Any]
"""The value of a field of an event; the value of ``_MISSING`` when it has none."""
_Condition = Callable[[Lookup], bool]


class PatternError(ValueError):
    """The text is not a filter pattern; the message says why."""


@dataclass(frozen=True)
class Match:
    """An event that a pattern matches."""

    _lookup: Lookup = field(repr=False)

    def value(self, reference: str) -> Any:
        """The value of ``$.field`` or ``$name``; None when the event has none."""
        found = self._lookup(reference)
        return None if found is _MISSING else found


@dataclass(frozen=True)
class Pattern:
    """A parsed pattern."""

    _match: Callable[[str], Match | None] = field(repr=False)

    def match(self, message: str) -> Match | None:
        """The match of a message; None when it does not match."""
        return self._match(message)


def parse_pattern(text: str) -> Pattern:
    """Parse a pattern.

    Raises:
        PatternError: it is not valid.
    """
    stripped = text.strip()
    if stripped.startswith("{"):
        return _json_pattern(stripped)
    if stripped.startswith("["):
        return _space_pattern(stripped)
    return _term_pattern(stripped)


def _nothing(_reference: str) -> Any:
    return _MISSING


def _term_pattern(text: str) -> Pattern:
    required: list[Callable[[str], bool]] = []
    optional: list[Callable[[str], bool]] = []
    excluded: list[Callable[[str], bool]] = []
    for found in _TERM.finditer(text):
        if found["regex"] is not None:
            test: Callable[[str], bool] = _searches(found["regex"])
        else:
            quoted = found["quoted"]
            term = found["word"] if quoted is None else re.sub(r"\\(.)", r"\1", quoted)
            test = _contains(term)
        {"?": optional, "-": excluded, "": required}[found["sign"]].append(test)

    def match(message: str) -> Match | None:
        if any(test(message) for test in excluded):
            return None
        if required:
            # Beside terms that must occur, AWS ignores those with a question mark.
            holds = all(test(message) for test in required)
        else:
            holds = not optional or any(test(message) for test in optional)
        return Match(_nothing) if holds else None

    return Pattern(match)


def _contains(term: str) -> Callable[[str], bool]:
    return lambda message: term in message


def _searches(text: str) -> Callable[[str], bool]:
    try:
        pattern = re.compile(text)
    except re.error as error:
        raise PatternError(f"%{text}% is not a regular expression: {error}") from error
    return lambda message: pattern.search(message) is not None


def _json_pattern(text: str) -> Pattern:
    if not text.endswith("}"):
        raise PatternError(f"{text!r} lacks the closing }}")
    parser = _Conditions(text[1:-1])
    condition = parser.disjunction(None)
    parser.end()

    def match(message: str) -> Match | None:
        try:
            document = json.loads(message)
        except ValueError:
            return None

        def lookup(reference: str) -> Any:
            return _select(document, reference)

        return Match(lookup) if isinstance(document, dict) and condition(lookup) else None

    return Pattern(match)


def _select(document: Any, reference: str) -> Any:
    if not reference.startswith("$"):
        return _MISSING
    value, position = document, 1
    while position < len(reference):
        step = _STEP.match(reference, position)
        if step is None:
            return _MISSING
        position = step.end()
        name = step["name"] or step["key"]
        if name is not None:
            value = value.get(name, _MISSING) if isinstance(value, Mapping) else _MISSING
        else:
            index = int(step["index"])
            inside = isinstance(value, list) and index < len(value)
            value = value[index] if inside else _MISSING
        if value is _MISSING:
            return _MISSING
    return value


def _space_pattern(text: str) -> Pattern:
    if not text.endswith("]"):
        raise PatternError(f"{text!r} lacks the closing ]")
    names: list[str] = []
    conditions: list[_Condition] = []
    for part in text[1:-1].split(","):
        stripped = part.strip()
        name = re.match(r"\.\.\.|[A-Za-z0-9_-]+", stripped)
        if not name:
            raise PatternError(f"{part!r} does not begin with the name of a field")
        names.append(name[0])
        if name[0] != stripped:
            parser = _Conditions(stripped)
            conditions.append(parser.disjunction(name[0]))
            parser.end()
    if names.count("...") > 1:
        raise PatternError(f"{text!r} has ... more than once")

    def match(message: str) -> Match | None:
        words = [a or b or c for a, b, c in _SPLIT.findall(message)]
        fields = _assign(names, words)
        if fields is None:
            return None

        def lookup(reference: str) -> Any:
            return fields.get(reference.removeprefix("$"), _MISSING)

        return Match(lookup) if all(condition(lookup) for condition in conditions) else None

    return Pattern(match)


def _assign(names: list[str], words: list[str]) -> dict[str, str] | None:
    """The words by the names of their fields; None when their numbers do not agree."""
    if "..." not in names:
        return dict(zip(names, words, strict=True)) if len(names) == len(words) else None
    place = names.index("...")
    before, after = names[:place], names[place + 1 :]
    if len(words) < len(before) + len(after):
        return None
    fields = dict(zip(before, words, strict=False))
    return fields | dict(zip(after, words[len(words) - len(after) :], strict=True))


class _Conditions:
    """``$.a = 1 && ($.b = "x*" || $.c IS NULL)``, or ``status = 4* || status = 5*``."""

    def __init__(self, text: str) -> None:
        self._text = text
        self._tokens = self._read(text)
        self._position = 0

    def _read(self, text: str) -> list[str]:
        found, position, stripped = [], 0, text.rstrip()
        while position < len(stripped):
            token = _TOKEN.match(stripped, position)
            if token is None:
                raise PatternError(f"cannot read {stripped[position:]!r}")
            found.append(token[0].strip())
            position = token.end()
        return found

    def disjunction(self, only: str | None) -> _Condition:
        """Conditions joined by ``||``; ``only`` is the field that they must be about."""
        parts = [self._conjunction(only)]
        while self._peek() == "||":
            self._next()
            parts.append(self._conjunction(only))
        return lambda lookup: any(part(lookup) for part in parts)

    def _conjunction(self, only: str | None) -> _Condition:
        parts = [self._comparison(only)]
        while self._peek() == "&&":
            self._next()
            parts.append(self._comparison(only))
        return lambda lookup: all(part(lookup) for part in parts)

    def _comparison(self, only: str | None) -> _Condition:
        name = self._next()
        if name == "(":
            inner = self.disjunction(only)
            self._expect(")")
            return inner
        if only is None and not name.startswith("$"):
            raise PatternError(f"{name!r} is not a field: it must begin with $")
        if only is not None and name != only:
            raise PatternError(f"the condition of the field {only} is about {name!r}")
        sign = self._next()
        if sign == "IS":
            return _is(name, self._next())
        if sign == "NOT":
            self._expect("EXISTS")
            return lambda lookup: lookup(name) is _MISSING
        wanted = self._next()
        if sign in _ORDER:
            return _ordered(name, _ORDER[sign], wanted)
        if sign not in {"=", "!="}:
            raise PatternError(f"{sign!r} is not a comparison")
        equal = _equals(name, wanted)
        return equal if sign == "=" else lambda lookup: not equal(lookup)

    def end(self) -> None:
        """Refuse what follows."""
        if self._peek():
            raise PatternError(f"unexpected {self._peek()!r} in {self._text!r}")

    def _peek(self) -> str:
        return self._tokens[self._position] if self._position < len(self._tokens) else ""

    def _next(self) -> str:
        found = self._peek()
        if not found:
            raise PatternError(f"{self._text!r} ends too early")
        self._position += 1
        return found

    def _expect(self, wanted: str) -> None:
        found = self._next()
        if found != wanted:
            raise PatternError(f"expected {wanted!r}, found {found!r}")


def _is(name: str, word: str) -> _Condition:
    values = {"NULL": None, "TRUE": True, "FALSE": False}
    if word not in values:
        raise PatternError(f"IS is followed by {word!r}, but allows NULL, TRUE and FALSE")
    wanted = values[word]
    return lambda lookup: lookup(name) is wanted


def _ordered(name: str, compare: Callable[[float, float], bool], text: str) -> _Condition:
    wanted = _number(text)
    if wanted is None:
        raise PatternError(f"{text!r} is not a number, so {name} cannot be greater or less")

    def holds(lookup: Lookup) -> bool:
        value = _number(lookup(name))
        return value is not None and compare(value, wanted)

    return holds


def _equals(name: str, text: str) -> _Condition:
    if text.startswith("%"):
        search = _searches(text[1:-1])
        return lambda lookup: isinstance(lookup(name), str) and search(lookup(name))
    plain = re.sub(r"\\(.)", r"\1", text[1:-1]) if text.startswith('"') else text
    number = None if text.startswith('"') else _number(plain)
    glob = re.compile(".*".join(re.escape(part) for part in plain.split("*")), re.DOTALL)

    def holds(lookup: Lookup) -> bool:
        value = lookup(name)
        if value is _MISSING or value is None or isinstance(value, bool | list | dict):
            return False
        found = _number(value)
        if number is not None and found is not None:
            return found == number
        return glob.fullmatch(str(value)) is not None

    return holds


def _number(value: Any) -> float | None:
    if isinstance(value, bool) or not isinstance(value, int | float | str):
        return None
    try:
        return float(value)
    except ValueError:
        return None
