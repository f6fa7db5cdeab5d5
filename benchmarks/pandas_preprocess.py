"""The peer of benchmarks/preprocess.py: the script one writes first, with pandas and scikit-learn.

    python benchmarks/pandas_preprocess.py housing.csv use_case.json output/

It checks less than the gate does (no repeats of lines in messages, no encodings, no profile, no hashes) and
splits without keeping equal rows together.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pandas as pd
from sklearn.model_selection import train_test_split


def main(data: Path, config: Path, output: Path) -> None:
    use_case = json.loads(config.read_text(encoding="utf-8"))
    frame = pd.read_csv(data)
    wrong = []
    if list(frame.columns) != [column["name"] for column in use_case["columns"]]:
        wrong.append(f"columns {list(frame.columns)}")
    for column in use_case["columns"]:
        values = frame[column["name"]]
        if not pd.api.types.is_numeric_dtype(values):
            wrong.append(f"{column['name']} is not a number")
            continue
        if values.isna().any():
            wrong.append(f"{column['name']} has empty cells")
        outside = ~values.between(column["minimum"], column["maximum"])
        if outside.any():
            wrong.append(f"{column['name']} out of range in {int(outside.sum())} rows")
    repeated = int(frame.duplicated().sum())
    if wrong:
        sys.exit("; ".join(wrong))
    split = use_case["split"]
    train, test = train_test_split(frame, test_size=split["test_share"], random_state=split["seed"])
    output.mkdir(parents=True, exist_ok=True)
    train.to_csv(output / "train.csv", index=False)
    test.to_csv(output / "test.csv", index=False)
    print(f"{len(train)} rows to train, {len(test)} to test, {repeated} repeated")


if __name__ == "__main__":
    main(*map(Path, sys.argv[1:4]))
