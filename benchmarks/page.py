"""Tables between the marks of a page, such as docs/performance.md."""

from __future__ import annotations

import textwrap
from pathlib import Path

from benchmarks.measure import BenchmarkError

WIDTH = 118


def wrapped(text: str) -> str:
    """The text with its prose in short lines; a row of a table stays one line."""
    lines = []
    for line in text.strip().splitlines():
        fits = len(line) <= WIDTH or line.startswith("|")
        lines += [line] if fits else textwrap.wrap(line, WIDTH, break_on_hyphens=False)
    return "\n".join(lines)


def update_page(page: Path, name: str, text: str) -> None:
    """Put `text` between <!-- name: begin --> and <!-- name: end -->; the rest of the page stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    content = page.read_text(encoding="utf-8")
    top, found, rest = content.partition(begin)
    _, ended, bottom = rest.partition(end)
    if not found or not ended:
        raise BenchmarkError(f"{page} has no lines {begin!r} and {end!r}")
    page.write_text(f"{top}{begin}\n\n{wrapped(text)}\n\n{end}{bottom}", encoding="utf-8")
