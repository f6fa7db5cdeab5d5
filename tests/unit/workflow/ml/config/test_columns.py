"""Columns of texts: what a use case may say of them, and what is a text."""

from __future__ import annotations

import pytest

from ml.config.cells import text_problem
from ml.config.use_case import UseCaseError, parse_use_case


def with_text(document, **keys):
    document["columns"].insert(0, {"name": "words", "type": "text", **keys})
    return parse_use_case(document).columns[0]


def test_a_text_column_has_defaults(small_document):
    column = with_text(small_document)
    assert (column.minimum_length, column.maximum_length) == (1, 100_000)
    assert (column.is_text, column.is_number, column.is_category) == (True, False, False)
    assert column.expected == "a text of 1 to 100000 characters"


def test_every_column_is_of_one_kind(small):
    for column in small.columns:
        assert [column.is_number, column.is_category, column.is_text].count(True) == 1
        assert (column.minimum_length, column.maximum_length) == (0, None)


BAD = [
    ({"minimum_length": 0}, "minimum_length: found 0, expected a whole number from 1 to 100000"),
    ({"maximum_length": 10**6}, "maximum_length: found 1000000, expected a whole number from 1"),
    ({"maximum_length": 2.5}, "maximum_length: found 2.5, expected a whole number"),
    ({"minimum_length": 9, "maximum_length": 5}, "minimum_length 9 must not be above maximum_len"),
    ({"values": ["a", "b"]}, "unknown key 'values', expected one of description, maximum_length"),
    ({"minimum": 1}, "unknown key 'minimum', expected one of description, maximum_length"),
]


@pytest.mark.parametrize(("keys", "message"), BAD)
def test_what_a_text_cannot_have_is_refused(small_document, keys, message):
    with pytest.raises(UseCaseError) as refusal:
        with_text(small_document, **keys)
    assert f"columns[words]: {message}" in str(refusal.value)


@pytest.mark.parametrize(
    ("task", "message"),
    [
        ("classification", "target: 'words' is of type text; a classification predicts a category"),
        ("regression", "target: 'words' is a text; a regression predicts a number"),
    ],
)
def test_a_text_is_no_target(small_document, task, message):
    small_document |= {"task": task, "target": "words"}
    with pytest.raises(UseCaseError) as refusal:
        with_text(small_document)
    assert message in str(refusal.value)


@pytest.mark.parametrize(
    "text",
    [
        "ab",
        "abcde",
        "日本語です",
        "a\nb",
        "a\r\nb",
        "a\tb",
        "né\u0085e",
        "👩‍🚀",
        'a,"b"',
        "\ufffdb",
    ],
)
def test_texts(text):
    assert text_problem(text, 2, 5) == ""


@pytest.mark.parametrize(
    ("text", "problem"),
    [
        ("a", "1 character"),
        ("abcdef", "6 characters"),
        ("a\0b", "the character U+0000 at position 2"),
        ("ab\x1b", "the character U+001B at position 3"),
        ("a\ud83d", "the character U+D83D at position 2"),
    ],
)
def test_what_is_no_text(text, problem):
    assert text_problem(text, 2, 5) == problem
