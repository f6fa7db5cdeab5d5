"""Hold out rows: the same rows for the same data and seed, whatever the order they come in.

A row's side depends on a hash of its features. Rows with equal features share the hash and so the side:
a model is never tested on a row it was trained on.
"""

from __future__ import annotations

import zlib

import numpy as np
import numpy.typing as npt
import pandas as pd

from ml.errors import JobError
from ml.use_case import UseCase

Hashes = npt.NDArray[np.uint64]


def held_out(frame: pd.DataFrame, use_case: UseCase) -> npt.NDArray[np.bool_]:
    """True for the rows of the test part; labels keep their shares (stratified)."""
    hashes = row_hashes(frame[use_case.feature_names], use_case.split.seed)
    share = use_case.split.test_share
    if use_case.task != "classification":
        test = _choose(hashes, share)
    else:
        test = np.zeros(len(frame), dtype=bool)
        labels = frame[use_case.target].to_numpy(dtype=str)
        # Equal features with different labels go where the first of them went.
        _, first, group = np.unique(hashes, return_index=True, return_inverse=True)
        stratum = labels[first][group.reshape(-1)]
        for label in use_case.target_column.values:
            rows = stratum == label
            test[rows] = _choose(hashes[rows], share)
    if test.all() or not test.any():
        raise JobError(
            f"The split leaves {int((~test).sum())} rows to train and {int(test.sum())} to test: "
            "too many rows have the same features. Remove repeated rows or add others."
        )
    return test


def row_hashes(features: pd.DataFrame, seed: int) -> Hashes:
    """64 bits a row, from the values' bits: the same on every machine and library version."""
    hashes = np.full(len(features), _mix(np.array([seed + 1], dtype=np.uint64))[0])
    for name in features.columns:
        values = features[name]
        if values.dtype == np.float64:
            bits = (values.to_numpy() + 0.0).view(np.uint64)  # -0.0 and 0.0 are equal
            bits = np.where(np.isnan(values.to_numpy()), np.uint64(1), bits)
        else:
            texts, codes = np.unique(values.to_numpy(dtype=str), return_inverse=True)
            known = [zlib.crc32(text.encode()) + (len(text) << 32) for text in texts.tolist()]
            bits = np.array(known, dtype=np.uint64)[codes.reshape(-1)]
        hashes = _mix(hashes ^ _mix(bits))
    return hashes


def _choose(hashes: Hashes, share: float) -> npt.NDArray[np.bool_]:
    """The rows with the smallest hashes, as many as the share asks for, equal hashes together."""
    wanted = round(share * len(hashes))
    if wanted == 0:
        return np.zeros(len(hashes), dtype=bool)
    last = np.partition(hashes, wanted - 1)[wanted - 1]
    below: npt.NDArray[np.bool_] = hashes < last
    together: npt.NDArray[np.bool_] = hashes <= last
    # A large group of equal rows at the border: take it or leave it, whichever is nearer.
    return below if wanted - below.sum() < together.sum() - wanted else together


def _mix(bits: Hashes) -> Hashes:
    """The finalizer of splitmix64: every input bit moves every output bit. Wraps around by design."""
    bits = bits + np.uint64(0x9E3779B97F4A7C15)
    bits = (bits ^ (bits >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    bits = (bits ^ (bits >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return bits ^ (bits >> np.uint64(31))
