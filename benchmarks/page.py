"""Tables between the marks of a page, such as docs/performance.md."""

from __future__ import annotations

from pathlib import Path

from benchmarks.measure import BenchmarkError


def update_page(page: Path, name: str, text: str) -> None:
    """Put `text` between <!-- name: begin --> and <!-- name: end -->; the rest of the page stays."""
    begin, end = f"<!-- {name}: begin -->", f"<!-- {name}: end -->"
    content = page.read_text(encoding="utf-8")
    top, found, rest = content.partition(begin)
    _, ended, bottom = rest.partition(end)
    if not found or not ended:
        raise BenchmarkError(f"{page} has no lines {begin!r} and {end!r}")
    page.write_text(f"{top}{begin}\n\n{text.strip()}\n\n{end}{bottom}", encoding="utf-8")
