"""Check the training data and split it into train and test.

    python workflow/preprocess.py --data data/ --config use_case.json --output out/

Reads every CSV below --data and refuses all of it when a rule of the use case is broken, listing every
violation. Writes train/train.csv, test/test.csv and model/profile.json below --output.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

import pandas as pd

from ml import job
from ml.data_gate import gate
from ml.frames import write_frame
from ml.profile import PROFILE_FILE, make_profile
from ml.split import held_out
from ml.use_case import UseCase, load_use_case


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    base = Path("/opt/ml/processing")
    parser.add_argument(
        "--data", type=Path, default=base / "input/data", help="folder of CSV files"
    )
    parser.add_argument(
        "--config", type=Path, default=base / "input/config", help="use_case.json or its folder"
    )
    parser.add_argument("--output", type=Path, default=base / "output", help="folder to write to")
    parser.add_argument(
        "--message",
        type=Path,
        default=Path("/opt/ml/output/message"),
        help="file for the reason of a failure; SageMaker shows it as ExitMessage",
    )
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    use_case = load_use_case(args.config)
    print(f"use case {use_case.name}: {use_case.task} of {use_case.target}")

    data = gate(args.data, use_case)
    for file in data.files:
        print(
            f"read {file.name}: {file.rows} rows, {file.size} bytes, {file.encoding}, "
            f"delimiter {file.delimiter!r}, sha256 {file.sha256}"
        )
    ignored = other_files(args.data, {file.name for file in data.files})
    if ignored:
        print(f"ignored files (hidden, or not .csv): {', '.join(ignored)}")
    if data.ignored_columns:
        print(f"ignored columns: {', '.join(data.ignored_columns)}")
    if data.dropped_duplicates:
        print(f"dropped {data.dropped_duplicates} rows that repeat another one")
    print_columns(data.frame, use_case)

    test = held_out(data.frame, use_case)
    folders = [args.output / name for name in ("train", "test", "model")]
    for folder in folders:
        folder.mkdir(parents=True, exist_ok=True)
    train_file, test_file, profile_file = (
        folder / name
        for folder, name in zip(folders, ("train.csv", "test.csv", PROFILE_FILE), strict=True)
    )
    train = data.frame[~test]
    write_frame(train, train_file)
    write_frame(data.frame[test], test_file)
    profile = make_profile(data, use_case, train, train_file, test_file)
    profile_file.write_text(json.dumps(profile, indent=2, allow_nan=False) + "\n", encoding="utf-8")
    print(
        f"split with seed {use_case.split.seed}: {len(train)} rows to train, {test.sum()} to test"
    )
    print(f"dataset sha256 {profile['dataset']['sha256']}")


def other_files(folder: Path, read: set[str]) -> list[str]:
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if path not in read)


def print_columns(frame: pd.DataFrame, use_case: UseCase) -> None:
    print(f"{len(frame)} rows, {len(frame.columns)} columns:")
    for column in use_case.columns:
        values = frame[column.name]
        if column.is_number:
            seen = f"{values.min():.6g} to {values.max():.6g}, mean {values.mean():.6g}"
            missing = int(values.isna().sum())
        else:
            counts = values[values != ""].value_counts()
            seen = ", ".join(f"{value} {counts.get(value, 0)}" for value in column.values)
            missing = int((values == "").sum())
        print(f"  {column.name}: {seen}" + (f", {missing} empty" if missing else ""))


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(job.run(lambda: main(arguments), reason_file=arguments.message, exit_code=1))
