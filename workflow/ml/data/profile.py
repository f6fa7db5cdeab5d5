"""The profile of the training data: what came in, how it was split, and what its columns look like.

Written by preprocess. Train and evaluate check their input against it; later data is compared with it to
see drift.
"""

from __future__ import annotations

import json
import os
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from ml.config.use_case import Column, UseCase
from ml.data.column_cells import Flags, Floats, Texts, Values
from ml.data.data_gate import GatedData
from ml.data.frames import find_split, read_frame
from ml.data.statistics import numbers_statistics
from ml.data.vocabulary import MOST_TEXTS, Vocabulary
from ml.errors import JobError
from ml.hashes import file_sha256, sha256_of

if TYPE_CHECKING:
    import pandas as pd

PROFILE_FILE = "profile.json"


def columns_statistics(data: GatedData, rows: Flags) -> dict[str, Any]:
    """Statistics of each column, in these rows."""
    names = data.use_case.column_names
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        found = workers.map(
            lambda column: column_statistics(data, column, rows), data.use_case.columns
        )
        return dict(zip(names, found, strict=True))


def make_profile(
    data: GatedData, test: Flags, train_file: Path, test_file: Path, columns: dict[str, Any]
) -> dict[str, Any]:
    """`columns` are the statistics of the training split: the model has not seen the rest."""
    use_case = data.use_case
    files = (train_file, test_file)
    with ThreadPoolExecutor(len(files)) as hashing:
        hashes = list(hashing.map(file_sha256, files))
    rows = (int((~test).sum()), int(test.sum()))
    return {
        "use_case": use_case.name,
        "target": use_case.target,
        "dataset": {
            "sha256": dataset_sha256([file.sha256 for file in data.files]),
            "rows": sum(file.rows for file in data.files),
            "files": [vars(file) for file in data.files],
            "ignored_columns": list(data.ignored_columns),
            "dropped_duplicates": data.dropped_duplicates,
            "repeated_rows": data.repeated_rows,
            "rows_with_features_of_another": len(data.same_features),
        },
        "split": {
            "seed": use_case.split.seed,
            "test_share": use_case.split.test_share,
            **{
                split: {"rows": count, "file": file.name, "sha256": sha256}
                for split, count, file, sha256 in zip(
                    ("train", "test"), rows, files, hashes, strict=True
                )
            },
        },
        "columns": columns,
    }


def dataset_sha256(hashes: list[str]) -> str:
    """One file: its own sha256, as sha256sum prints it. Several: the sha256 of their hashes, in order."""
    if len(hashes) == 1:
        return hashes[0]
    return sha256_of("\n".join(hashes).encode())


def column_statistics(data: GatedData, column: Column, rows: Flags | None = None) -> dict[str, Any]:
    """Statistics of one column, in these rows or in all."""

    def values() -> Iterator[Values]:
        return data.column(column.name, rows)

    if column.is_number:
        # 8 bytes per row, instead of reading the column three times.
        numbers = list(_floats(values()))
        return {"type": column.type, **numbers_statistics(lambda: iter(numbers))}
    if column.is_text:
        return {"type": column.type, **_text_statistics(values)}
    counts = dict.fromkeys(column.values, 0)
    seen = missing = 0
    for chunk in values():
        if not isinstance(chunk, Texts):
            continue
        seen += len(chunk)
        found = np.bincount(chunk.codes, minlength=len(chunk.values)).tolist()
        for value, count in zip(chunk.values, found, strict=True):
            if value:
                counts[value] += count
            else:
                missing += count
    return {"type": column.type, "rows": seen, "missing": missing, "counts": counts}


def _floats(chunks: Iterable[Values]) -> Iterator[Floats]:
    for chunk in chunks:
        if not isinstance(chunk, Texts):
            yield chunk


def _text_statistics(values: Callable[[], Iterator[Values]]) -> dict[str, Any]:
    """How long the texts are, and how common their words. What they say stays out of the profile."""

    def measured(measure: Callable[[str], int]) -> Iterator[Floats]:
        for chunk in values():
            if isinstance(chunk, Texts):
                sizes = [float(measure(text)) if text else np.nan for text in chunk.values]
                yield np.array(sizes, dtype=np.float64)[chunk.codes]

    characters = numbers_statistics(lambda: measured(len))
    words = numbers_statistics(lambda: measured(lambda text: len(text.split())))
    return {
        "rows": characters.pop("rows"),
        "missing": characters.pop("missing"),
        "characters": characters,
        "words": {name: value for name, value in words.items() if name not in ("rows", "missing")},
        "vocabulary": _vocabulary_statistics(values()),
    }


def _vocabulary_statistics(chunks: Iterator[Values]) -> dict[str, Any]:
    """The common words of every second text, and the share of known words in the others.

    The share in the texts that the words come from would be too high to compare later texts with.
    """
    texts: list[str] = []
    for chunk in chunks:
        if isinstance(chunk, Texts):
            first = chunk.codes[: MOST_TEXTS - len(texts)].tolist()
            texts += [chunk.values[code] for code in first]
        if len(texts) >= MOST_TEXTS:
            break
    vocabulary = Vocabulary.of(texts[::2])
    shares = vocabulary.known_shares(texts[1::2])
    return {
        "size": len(vocabulary),
        "hashes": vocabulary.encode(),
        "known_share": numbers_statistics(lambda: iter([shares])),
    }


def load_profile(folder: Path, use_case: UseCase) -> dict[str, Any]:
    path = folder / PROFILE_FILE
    try:
        profile: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise JobError(f"Cannot read {path}, which the preprocess job writes: {error}") from error
    if profile.get("use_case") != use_case.name:
        raise JobError(
            f"{path} is the profile of the use case {profile.get('use_case')!r}, expected "
            f"{use_case.name!r}. Run preprocess again for this use case."
        )
    return profile


def read_split(
    folder: Path, split: str, profile: dict[str, Any], use_case: UseCase
) -> pd.DataFrame:
    """The rows of "train" or "test", as preprocess wrote them to `folder`."""
    path = find_split(folder, split)
    check_split(path, split, profile)
    return read_frame(path, use_case)


def check_split(path: Path, split: str, profile: dict[str, Any]) -> None:
    """Refuse a file that preprocess did not write: the lineage would be wrong."""
    found = f"sha256 {file_sha256(path)}" if path.is_file() else "no such file"
    expected = f"sha256 {profile['split'][split]['sha256']}"
    if found != expected:
        raise JobError(
            f"{path} is not what preprocess wrote: found {found}, expected {expected}. "
            "Do not change files between the jobs; run preprocess again."
        )
