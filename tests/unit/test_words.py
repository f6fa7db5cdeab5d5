"""Words that code and documents do not use, because the field has better ones."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from tests.unit.pages import files, name_of, text_of

# A regular expression, ignoring case: what to write instead.
IN_PROSE = {
    r"\bthe house\b": "the repository, its layout",
    r"\bthe way of the data\b": "what each step reads and writes",
    r"^\| room \|": "part, step",
    r"\ba (worker|thread|process) a core\b": "one worker per core",
    r"\ba (folder|group) a (run|use case)\b": "one folder per run",
}
IN_PROSE_AND_NAMES = {
    r"whereabouts": "location, summary",
    r"\bleftovers?\b": "resources that remain",
    r"\bemptying\b": "deletion",
    r"(?-i:\bBypass\b)": "what it does, for example stop the runs ahead",
}


def words_in(text: str) -> list[str]:
    """Each word found, with what to write instead."""
    return [
        f"{found[0]!r}: write {instead}"
        for pattern, instead in {**IN_PROSE, **IN_PROSE_AND_NAMES}.items()
        for found in re.finditer(pattern, text, re.IGNORECASE | re.MULTILINE)
    ]


def test_the_words_are_those_of_the_field() -> None:
    here = Path(__file__)
    texts = {
        name_of(path): text_of(path)
        for suffix in (".md", ".py", ".tf", ".sh")
        for path in files(suffix)
        if path != here
    }
    found = {name: words for name, text in texts.items() if (words := words_in(text))}

    assert len(texts) > 300
    assert found == {}


def test_each_word_is_found() -> None:
    for text in (
        "The house",
        "a worker a core",
        "| room | reads |",
        "class Leftovers:",
        "whereabouts",
    ):
        assert words_in(text), text


@pytest.mark.parametrize("text", ["six rooms each", "a folder with room for the file", "bypassed"])
def test_ordinary_words_are_allowed(text: str) -> None:
    assert words_in(text) == []
