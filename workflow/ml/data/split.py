"""Hold out rows: the same rows for the same data and seed, whatever the order they come in.

A row's side depends on a hash of its features. Rows with equal features share the hash and so the side:
a model is never tested on a row it was trained on.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from ml.config.use_case import UseCase
from ml.data.column_cells import Flags, Texts, Values
from ml.errors import JobError

if TYPE_CHECKING:  # pandas takes most of a second to import, and preprocess may do without it
    import pandas as pd

Hashes = npt.NDArray[np.uint64]
Positions = npt.NDArray[np.intp]
_AT_ONCE = 1 << 16  # rows: what a few arrays of them need stays in the processor's cache


def held_out_rows(
    hashes: Hashes, labels: npt.NDArray[np.int32] | None, repeated: Positions, use_case: UseCase
) -> Flags:
    """True for the rows of the test split; labels keep their shares (stratified).

    `labels` are positions in the target's values (None in a regression), `repeated` comes from repeated_rows.
    """
    share = use_case.split.test_share
    if labels is None:
        test = _choose(hashes, share)
    else:
        stratum = labels
        if len(repeated):
            # Equal features with different labels go where the first of them went.
            _, first, group = np.unique(hashes[repeated], return_index=True, return_inverse=True)
            stratum = labels.copy()
            stratum[repeated] = labels[repeated][first][group.reshape(-1)]
        test = np.zeros(len(hashes), dtype=bool)
        for label in range(len(use_case.target_column.values)):
            rows = stratum == label
            test[rows] = _choose(hashes[rows], share)
    if test.all() or not test.any():
        raise JobError(
            f"The split leaves {int((~test).sum())} rows to train and {int(test.sum())} to test: "
            "too many rows have the same features. Remove repeated rows or add others."
        )
    if labels is not None:
        left = np.bincount(labels[~test], minlength=len(use_case.target_column.values))
        lacking = [
            repr(name)
            for name, rows in zip(use_case.target_column.values, left.tolist(), strict=True)
            if not rows
        ]
        if lacking:
            raise JobError(
                f"The split leaves no row of {', '.join(lacking)} to train on: rows with the same "
                "features stay together. Add rows of this label that differ."
            )
    return test


def row_hashes(features: pd.DataFrame, seed: int) -> Hashes:
    """64 bits per row, from the bits of the values: the same on every machine and library version."""
    columns: list[Values] = []
    for name in features.columns:
        values = features[name]
        columns.append(values.to_numpy() if values.dtype == np.float64 else as_texts(values))
    return hash_columns(columns, len(features), seed)


def hash_columns(columns: Iterable[Values], rows: int, seed: int) -> Hashes:
    hashes = np.full(rows, np.uint64(seed) + np.uint64(1), dtype=np.uint64)
    _mix(hashes)
    for values in columns:
        bits = _bits(values)
        for start in range(0, rows, _AT_ONCE):
            chunk, own = hashes[start : start + _AT_ONCE], bits[start : start + _AT_ONCE]
            _mix(own)
            chunk ^= own
            _mix(chunk)
    return hashes


def _bits(values: Values) -> Hashes:
    """64 bits per value, in a new array."""
    if isinstance(values, Texts):
        # Not hash(), which differs from process to process.
        known = [
            int.from_bytes(
                hashlib.blake2b(text.encode("utf-8", "surrogatepass"), digest_size=8).digest(),
                "little",
            )
            for text in values.values
        ]
        return np.array(known, dtype=np.uint64)[values.codes]
    bits: Hashes = (values + 0.0).view(np.uint64)  # -0.0 and 0.0 are equal
    missing = np.isnan(values)
    if missing.any():
        bits[missing] = 1
    return bits


def _mix(bits: Hashes) -> None:
    """The finalizer of splitmix64: every input bit moves every output bit. Wraps around by design."""
    bits += np.uint64(0x9E3779B97F4A7C15)
    bits ^= bits >> np.uint64(30)
    bits *= np.uint64(0xBF58476D1CE4E5B9)
    bits ^= bits >> np.uint64(27)
    bits *= np.uint64(0x94D049BB133111EB)
    bits ^= bits >> np.uint64(31)


def repeated_rows(hashes: Hashes) -> Positions:
    """The rows, in order, whose hash another row has too: most often few or none.

    Sorting takes the longest of all this, and half of each hash is sorted in half the time. Only rows that
    agree in the half are looked at whole.
    """
    halves = np.empty(len(hashes), dtype=np.uint32)
    chunks = [slice(start, start + _AT_ONCE) for start in range(0, len(hashes), _AT_ONCE)]
    for chunk in chunks:
        halves[chunk] = hashes[chunk] >> np.uint64(32)
    with ThreadPoolExecutor(os.cpu_count()) as workers:
        several = np.concatenate(
            list(workers.map(lambda quarter: _several(halves[halves >> 30 == quarter]), range(4)))
        )
    marked = np.zeros(1 << 20, dtype=bool)  # a first look, at 20 bits, that fits into the cache
    marked[several >> 12] = True
    near = np.concatenate(
        [np.flatnonzero(marked[halves[chunk] >> 12]) + chunk.start for chunk in chunks]
        or [np.zeros(0, dtype=np.intp)]
    )
    whole = _several(hashes[near])
    if not len(whole):
        return np.zeros(0, dtype=np.intp)
    found = []
    for start in range(0, len(near), _AT_ONCE):
        rows = near[start : start + _AT_ONCE]
        place = np.minimum(np.searchsorted(whole, hashes[rows]), len(whole) - 1)
        found.append(rows[whole[place] == hashes[rows]])
    return np.concatenate(found)


def _several(values: npt.NDArray[Any]) -> npt.NDArray[Any]:
    """The values that appear more than once, each once; sorts `values` in place."""
    values.sort()
    return np.unique(values[1:][values[1:] == values[:-1]])


def label_codes(values: Texts, use_case: UseCase) -> npt.NDArray[np.int32]:
    """Positions in the target's values; -1 for a value that is none of them."""
    places = {label: place for place, label in enumerate(use_case.target_column.values)}
    known = np.array([places.get(value, -1) for value in values.values], dtype=np.int32)
    codes: npt.NDArray[np.int32] = known[values.codes]
    return codes


def as_texts(values: pd.Series) -> Texts:
    import pandas as pd

    codes, distinct = pd.factorize(values)
    return Texts([str(value) for value in distinct], codes.astype(np.int32))


def _choose(hashes: Hashes, share: float) -> Flags:
    """The rows with the smallest hashes, as many as the share asks for, equal hashes together."""
    wanted = round(share * len(hashes))
    if wanted == 0:
        return np.zeros(len(hashes), dtype=bool)
    last = np.partition(hashes, wanted - 1)[wanted - 1]
    below: Flags = hashes < last
    together: Flags = hashes <= last
    # A large group of equal rows at the border: take it or leave it, whichever is nearer.
    return below if wanted - below.sum() < together.sum() - wanted else together
