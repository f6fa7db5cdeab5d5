"""The common words of a text column, as hashes: enough to see how much of later texts is known.

A word is kept when several rows have it, and only its hash is: the profile lists no words. Whoever knows a
word can still ask whether it is in the vocabulary.
"""

from __future__ import annotations

import base64
import re
import zlib
from collections import Counter
from collections.abc import Iterable, Sequence

import numpy as np
import numpy.typing as npt

# What TfidfVectorizer takes for a word by default.
_WORD = re.compile(r"\b\w\w+\b")
MOST_WORDS = 5_000
WORD_ROWS = 5  # a word in fewer rows may be a name
MOST_TEXTS = 20_000  # more texts have few common words that these do not have


class Vocabulary:
    def __init__(self, hashes: Iterable[int]) -> None:
        self._hashes = frozenset(hashes)

    @classmethod
    def of(cls, texts: Iterable[str]) -> Vocabulary:
        """The words that at least WORD_ROWS texts have, the most common ones when there are many."""
        rows: Counter[int] = Counter()
        for text in texts:
            rows.update(_hashes(text))
        common = [(count, word) for word, count in rows.items() if count >= WORD_ROWS]
        return cls(word for _, word in sorted(common, reverse=True)[:MOST_WORDS])

    @classmethod
    def decode(cls, text: str) -> Vocabulary:
        return cls(np.frombuffer(base64.b64decode(text), dtype="<u4").tolist())

    def encode(self) -> str:
        return base64.b64encode(np.array(sorted(self._hashes), dtype="<u4").tobytes()).decode()

    def __len__(self) -> int:
        return len(self._hashes)

    def known_shares(self, texts: Sequence[str]) -> npt.NDArray[np.float64]:
        """The share of the different words of each text that is known; NaN of a text without words."""
        return np.array([self._known_share(text) for text in texts], dtype=np.float64)

    def _known_share(self, text: str) -> float:
        words = _hashes(text)
        return len(words & self._hashes) / len(words) if words else float("nan")


def _hashes(text: str) -> set[int]:
    return {zlib.crc32(word.encode()) for word in _WORD.findall(text.lower())}
