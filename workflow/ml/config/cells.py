"""What one cell means. The gate and the endpoint read cells by these rules, so that they cannot differ."""

from __future__ import annotations

import math
import re

# No "1_000", "nan", "inf" or digits of other scripts, all of which Python's float() would take.
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)
_NUMBER_CHARACTERS = frozenset("0123456789+-.eE")


def parse_number(text: str) -> float | None:
    """The number in a cell, or None when it holds something else."""
    if _NUMBER.fullmatch(text) is None:
        return None
    value = float(text)
    # -0.0 is 0.0, or two equal rows could look different.
    return value + 0.0 if math.isfinite(value) else None


def parse_numbers(cells: list[str]) -> list[float] | None:
    """All cells as numbers, or None when one is not; an order of magnitude faster than one by one."""
    if not set("".join(cells)) <= _NUMBER_CHARACTERS:
        return None
    try:
        values = [float(cell) + 0.0 for cell in cells]
    except ValueError:
        return None
    return values if math.isfinite(sum(map(abs, values))) else None


# Control characters but tab and line ends, and halves of a surrogate pair (which JSON can spell and UTF-8
# cannot): never part of a text, and C strings end at the first of them.
UNUSABLE_CHARACTER = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\ud800-\udfff]")


def text_problem(text: str, minimum: int, maximum: int) -> str:
    """Why this is no text of `minimum` to `maximum` characters; empty when it is one."""
    if not minimum <= len(text) <= maximum:
        return f"{len(text)} character{'s' * (len(text) != 1)}"
    unusable = UNUSABLE_CHARACTER.search(text)
    if unusable is None:
        return ""
    return f"the character U+{ord(unusable.group()):04X} at position {unusable.start() + 1}"


def shown(value: object, limit: int = 40) -> str:
    """A value for a message: quoted, control characters escaped, not too long."""
    text = repr(value)
    return text if len(text) <= limit else text[: limit - 4] + "..." + text[-1]
