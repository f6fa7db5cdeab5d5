"""The glob patterns of trigger filters (user guide: syntax-glob)."""

from __future__ import annotations

import re
from functools import lru_cache


@lru_cache(maxsize=512)
def compiled(pattern: str) -> re.Pattern[str]:
    """A regular expression for the whole of a name or path.

    ``*`` and ``?`` do not match a slash, ``**`` does. ``[...]`` is one character of a set, ``[!...]`` one
    that is not in it, ``{a,b}`` one of several patterns, and a backslash escapes the next character.

    Raises:
        ValueError: a bracket or a brace is not closed, or braces are nested.
    """
    parts: list[str] = []
    position, in_group = 0, False
    while position < len(pattern):
        character = pattern[position]
        position += 1
        if character == "*":
            if pattern.startswith("*", position):
                position += 1
                parts.append(".*")
            else:
                parts.append("[^/]*")
        elif character == "?":
            parts.append("[^/]")
        elif character == "\\":
            parts.append(re.escape(pattern[position : position + 1]))
            position += 1
        elif character == "[":
            end = pattern.find("]", position + 1)
            if end < 0:
                raise ValueError(f"pattern {pattern!r} has a [ that is not closed")
            parts.append(_set(pattern[position:end]))
            position = end + 1
        elif character == "{":
            if in_group:
                raise ValueError(f"pattern {pattern!r} has nested braces")
            in_group = True
            parts.append("(?:")
        elif character == "}" and in_group:
            in_group = False
            parts.append(")")
        elif character == "," and in_group:
            parts.append("|")
        else:
            parts.append(re.escape(character))
    if in_group:
        raise ValueError(f"pattern {pattern!r} has a {{ that is not closed")
    return re.compile("".join(parts), re.DOTALL)


def matches(pattern: str, text: str) -> bool:
    """Whether a pattern matches the whole of a text."""
    return compiled(pattern).fullmatch(text) is not None


def _set(content: str) -> str:
    negated = content.startswith("!")
    content = content[1:] if negated else content
    # A hyphen at the start stands for itself; elsewhere it is a range, as in a regular expression.
    escaped = content.replace("\\", "\\\\").replace("^", "\\^").replace("[", "\\[")
    return f"[^/{escaped}]" if negated else f"(?!/)[{escaped}]"
