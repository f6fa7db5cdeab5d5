"""The tables of docs/performance.md."""

from __future__ import annotations

from pathlib import Path

import pytest

from benchmarks.__main__ import NAMES
from benchmarks.measure import BenchmarkError
from benchmarks.page import WIDTH, update_page, wrapped

ROOT = Path(__file__).resolve().parents[3]


def test_a_page_is_updated_between_its_marks(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("before\n<!-- a: begin -->\nold\n<!-- a: end -->\nafter\n")
    update_page(page, "a", "new\n")
    expected = "before\n<!-- a: begin -->\n\nnew\n\n<!-- a: end -->\nafter\n"
    assert page.read_text() == expected
    update_page(page, "a", "new\n")
    assert page.read_text() == expected
    with pytest.raises(BenchmarkError, match="has no lines '<!-- b: begin -->'"):
        update_page(page, "b", "new")


def test_prose_is_wrapped_and_tables_are_not() -> None:
    prose, table = "word " * 60, "| cell " * 40 + "|"
    lines = wrapped(f"{prose}\n\n{table}\n").split("\n")
    assert lines[-1] == table
    assert len(lines) > 3
    assert max(map(len, lines[:-1])) <= WIDTH
    assert " ".join(lines[:-2]) == prose.strip()


@pytest.mark.parametrize("name", NAMES)
def test_the_page_has_a_place_for_every_benchmark(name: str) -> None:
    text = (ROOT / "docs" / "performance.md").read_text()
    assert f"<!-- {name}: begin -->" in text
    assert f"<!-- {name}: end -->" in text
    assert (ROOT / "benchmarks" / f"{name}.py").exists() or (ROOT / "benchmarks" / name).is_dir()
