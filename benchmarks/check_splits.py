"""Are the parts that preprocess wrote right? Ends with 1 and the reason when they are not.

    python -m benchmarks.check_splits housing.csv ours/ pandas/

The same rows must have come out as went in, whatever their order, from us and from the peer; and of ours,
no row may be on both sides.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import polars as pl


def main(source: Path, ours: Path, pandas: Path) -> str:
    """What is wrong, or nothing."""
    expected = fingerprint([source])
    parts = [next((ours / part).glob(f"{part}.*")) for part in ("train", "test")]
    for name, files in (("ours", parts), ("pandas", [pandas / "train.csv", pandas / "test.csv"])):
        if not expected.equals(fingerprint(files)):
            return f"{name} does not write the {len(expected)} rows of {source.name}"
    train, test = (fingerprint([part]).unique() for part in parts)
    if len(pl.concat([train, test]).unique()) != len(train) + len(test):
        return "a row is in train and in test"
    profile = json.loads((ours / "model" / "profile.json").read_text(encoding="utf-8"))
    counted = sum(profile["split"][part]["rows"] for part in ("train", "test"))
    return "" if counted == len(expected) else f"the profile counts {counted} rows"


def fingerprint(files: list[Path]) -> pl.Series:
    """A hash for each row of all files, in order of the hashes."""
    hashes = []
    for file in files:
        frame = pl.read_parquet(file) if file.suffix == ".parquet" else pl.read_csv(file)
        hashes.append(frame.cast(pl.Float64).hash_rows(seed=1))
    return pl.concat(hashes).sort()


if __name__ == "__main__":
    sys.exit(main(*map(Path, sys.argv[1:4])) or 0)
