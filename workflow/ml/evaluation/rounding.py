"""Numbers as a person reads them: with no more digits than they are worth."""

from __future__ import annotations

from math import floor, isfinite, log10

MOST_DIGITS = 17  # of a float: all of them


def number(value: float | None, digits: int = 4) -> str:
    """The value with this many significant digits, without an exponent unless that takes many zeros."""
    if value is None:
        return ""
    if not value or not isfinite(value):
        return f"{value:g}"
    if not 1e-5 <= abs(value) < 1e12:
        return f"{value:.{digits}g}"
    return f"{value:,.{max(0, digits - 1 - _exponent(value))}f}"


def certain(value: float, deviation: float | None, sign: str = "") -> str:
    """The value to the second digit of its deviation; more would be noise. `sign`: "+" always shows it."""
    if not deviation or not 1e-8 <= deviation < 1e12 or abs(value) >= 1e12:
        return ("+" if sign and value >= 0 else "") + number(value)
    return f"{value:{sign},.{max(0, 1 - _exponent(deviation))}f}"


def apart(value: float, limit: float) -> str:
    """The value with as many digits as are needed to see on which side of the limit it is."""
    digits = 4
    while digits < MOST_DIGITS and _side(_read(number(value, digits)), limit) != _side(
        value, limit
    ):
        digits += 1
    return number(value, digits)


def _exponent(value: float) -> int:
    return floor(log10(abs(value)))


def _side(value: float, limit: float) -> int:
    return (value > limit) - (value < limit)


def _read(text: str) -> float:
    return float(text.replace(",", ""))
