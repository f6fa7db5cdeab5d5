"""Read one object of a JSON document field by field, collecting what is wrong instead of stopping."""

from __future__ import annotations

import json
import math
from collections.abc import Iterator, Mapping
from typing import Any

from ml.config.cells import UNUSABLE_CHARACTER


class _Null:
    """A null in the document: something was written there, and it is never a usable value."""

    def __repr__(self) -> str:
        return "null"


_NULL = _Null()


class Section:
    """One object of the document. Every accessor returns a usable value, whatever it found."""

    def __init__(self, content: object, place: str, problems: list[str]) -> None:
        self._place = place
        self._problems = problems
        self._seen: set[str] = set()
        self.content: Mapping[str, Any] = {}
        if isinstance(content, Mapping):
            self.content = content
        else:
            problems.append(f"{place or 'the document'}: {_found(content)}, expected an object")

    def problem(self, text: str) -> None:
        self._problems.append(f"{self._place}: {text}" if self._place else text)

    def text(self, key: str, default: str | None = None) -> str:
        value = self._take(key, default, "a text that is not empty")
        if value is None or value == default:
            return default or ""
        if isinstance(value, str) and value.strip():
            return value
        return self._wrong(key, value, "a text that is not empty", default or "")

    def choice(self, key: str, allowed: tuple[str, ...], default: str | None = None) -> str:
        expected = f"one of {', '.join(allowed)}"
        value = self._take(key, default, expected)
        if value is None:
            return ""
        if isinstance(value, str) and value in allowed:
            return value
        return self._wrong(key, value, expected, "")

    def number(
        self,
        key: str,
        default: float | None = None,
        minimum: float = -math.inf,
        maximum: float = math.inf,
    ) -> float:
        expected = "a number" + _between(minimum, maximum)
        value = self._take(key, default, expected)
        if value is None:
            return default or 0.0
        if _is_number(value) and minimum <= value <= maximum:
            return float(value)
        return self._wrong(key, value, expected, default or 0.0)

    def optional_number(self, key: str, minimum: float = -math.inf) -> float | None:
        self._seen.add(key)
        return self.number(key, minimum=minimum) if key in self.content else None

    def integer(self, key: str, default: int, minimum: int, maximum: float = math.inf) -> int:
        expected = "a whole number" + _between(minimum, maximum)
        value = self._take(key, default, expected)
        if isinstance(value, int) and not isinstance(value, bool) and minimum <= value <= maximum:
            return value
        return self._wrong(key, value, expected, default)

    def texts(self, key: str, minimum: int) -> tuple[str, ...]:
        expected = (
            f"a list of at least {minimum} different texts of one line without spaces around them"
        )
        value = self._take(key, None, expected)
        if value is None:
            return ()
        if (
            isinstance(value, list)
            and all(isinstance(item, str) and item and _is_plain(item) for item in value)
            and len(set(value)) == len(value) >= minimum
        ):
            return tuple(value)
        return self._wrong(key, value, expected, ())

    def different(self, key: str, minimum: int, maximum: int) -> tuple[Any, ...]:
        """A list of plain values or lists of them, none of them twice."""
        expected = f"a list of {minimum} to {maximum} different values"
        value = self._take(key, None, expected)
        if value is None:
            return ()
        if isinstance(value, list) and minimum <= len(value) <= maximum:
            plain = all(not isinstance(item, Mapping) for item in value)
            if plain and len({json.dumps(item) for item in value}) == len(value):
                return tuple(value)
        return self._wrong(key, value, expected, ())

    def flag(self, key: str, default: bool) -> bool:
        value = self._take(key, default, "true or false")
        if isinstance(value, bool):
            return value
        return self._wrong(key, value, "true or false", default)

    def mapping(self, key: str) -> dict[str, Any]:
        value = self._take(key, {}, "an object")
        if isinstance(value, Mapping):
            return dict(value)
        return self._wrong(key, value, "an object", {})

    def section(self, key: str) -> Section:
        """A nested object; a missing one is read as empty, so that its required fields complain."""
        self._seen.add(key)
        place = f"{self._place}.{key}" if self._place else key
        return Section(self.content.get(key, {}), place, self._problems)

    def sections(self, key: str, minimum: int) -> Iterator[Section]:
        expected = f"a list of at least {minimum} objects"
        value = self._take(key, None, expected)
        if value is None:
            return
        if not isinstance(value, list) or len(value) < minimum:
            self._wrong(key, value, expected, None)
            return
        for number, item in enumerate(value):
            name = item.get("name") if isinstance(item, Mapping) else None
            label = name if isinstance(name, str) and name else number
            yield Section(item, f"{key}[{label}]", self._problems)

    def named_sections(self, key: str) -> Iterator[tuple[str, Section]]:
        """The objects inside an object, by their key."""
        expected = "an object of objects"
        value = self._take(key, None, expected)
        if value is None:
            return
        if not isinstance(value, Mapping):
            self._wrong(key, value, expected, None)
            return
        place = f"{self._place}.{key}" if self._place else key
        for name, item in value.items():
            yield str(name), Section(item, f"{place}.{name}", self._problems)

    def ignore(self, *keys: str) -> None:
        self._seen.update(keys)

    def finish(self) -> None:
        """Report the keys nobody asked for: a misspelt setting must not be silently left out."""
        for key in self.content:
            if key not in self._seen:
                self.problem(
                    f"unknown key {key!r}, expected one of {', '.join(sorted(self._seen))}"
                )

    def _take(self, key: str, default: Any, expected: str) -> Any:
        self._seen.add(key)
        if key in self.content:
            value = self.content[key]
            return _NULL if value is None else value
        if default is None:
            self.problem(f"{key} is missing, expected {expected}")
        return default

    def _wrong(self, key: str, value: object, expected: str, instead: Any) -> Any:
        self.problem(f"{key}: {_found(value)}, expected {expected}")
        return instead


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool) and math.isfinite(value)


def _is_plain(text: str) -> bool:
    """Whether it is the same as a cell of a CSV line: a label is one in the answers."""
    unusable = UNUSABLE_CHARACTER.search(text) or "\n" in text or "\r" in text
    return text == text.strip() and not unusable


def _between(minimum: float, maximum: float) -> str:
    if math.isfinite(minimum) and math.isfinite(maximum):
        return f" from {minimum:.12g} to {maximum:.12g}"
    if math.isfinite(minimum):
        return f" of at least {minimum:.12g}"
    return ""


def _found(value: object) -> str:
    shown = repr(value)
    return f"found {shown if len(shown) <= 60 else shown[:57] + '...'}"
