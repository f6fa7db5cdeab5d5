"""Texts become numbers by scikit-learn's TfidfVectorizer: how often a word is in it, less for common words.

Its settings are hyperparameters that begin with text__, and are the same for every text column.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from sklearn.feature_extraction.text import TfidfVectorizer

from ml.model.hyperparameters import as_json, read_hyperparameters

PREFIX = "text__"
LONGEST_NGRAM = 10

# Not among them: what only code can set (functions), and `input`, which would read files.
SETTINGS = (
    "lowercase", "strip_accents", "stop_words", "token_pattern", "ngram_range", "analyzer",
    "max_df", "min_df", "max_features", "binary", "norm", "use_idf", "smooth_idf", "sublinear_tf",
)  # fmt: skip


def split_settings(hyperparameters: Mapping[str, Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """The settings of texts, without their prefix, and the hyperparameters of the estimator."""
    text = {
        name.removeprefix(PREFIX): value
        for name, value in hyperparameters.items()
        if name.startswith(PREFIX)
    }
    rest = {name: value for name, value in hyperparameters.items() if not name.startswith(PREFIX)}
    return text, rest


def read_settings(given: Mapping[str, Any]) -> tuple[dict[str, Any], list[str]]:
    """The vectorizer's arguments, and what is wrong with the others."""
    values, problems = read_hyperparameters(
        "TfidfVectorizer", given, SETTINGS, TfidfVectorizer._parameter_constraints, PREFIX
    )
    # What scikit-learn looks at only when it fits, and then with a word about its own code.
    if "ngram_range" in values and not _is_ngram_range(values["ngram_range"]):
        problems.append(
            f"{PREFIX}ngram_range: found {list(values['ngram_range'])}, expected two whole numbers "
            f"from 1 to {LONGEST_NGRAM}, the smaller first, as in [1, 2]"
        )
    pattern = values.get("token_pattern")
    if pattern is not None:
        try:
            groups = re.compile(pattern).groups
        except re.error as error:
            problems.append(
                f"{PREFIX}token_pattern: found {pattern!r}, no regular expression: {error}"
            )
        else:
            if groups > 1:
                problems.append(
                    f"{PREFIX}token_pattern: found {groups} groups in {pattern!r}, expected at most 1"
                )
    words = values.get("stop_words")
    if isinstance(words, list) and not all(isinstance(word, str) for word in words):
        problems.append(f"{PREFIX}stop_words: found {words}, expected a list of texts or 'english'")
    return values, problems


def _is_ngram_range(pair: tuple[Any, ...]) -> bool:
    whole = all(isinstance(size, int) and not isinstance(size, bool) for size in pair)
    return len(pair) == 2 and whole and 1 <= pair[0] <= pair[1] <= LONGEST_NGRAM


def settings_of_text(vectorizer: TfidfVectorizer) -> dict[str, Any]:
    """Every setting with its value, as JSON can hold it."""
    return {f"{PREFIX}{name}": as_json(getattr(vectorizer, name)) for name in sorted(SETTINGS)}


def forget_process(vectorizer: TfidfVectorizer) -> None:
    """Drop what differs from one process to the next, so that the same input gives the same model file.

    The address of stop_words, which it looks up again when needed; and until scikit-learn 1.6 the words
    that min_df and max_df leave out, a set for looking at only that can be most of the file.
    """
    for name in ("_stop_words_id", "stop_words_"):
        vars(vectorizer).pop(name, None)
