"""Check the training data and split it into train and test.

    python workflow/preprocess.py --data data/ --config use_case.json --output out/

Reads every CSV below --data and refuses all of it when a rule of the use case is broken, listing every
violation. Writes train/train.csv, test/test.csv (.parquet when they are large and polars is installed) and
model/profile.json below --output.
"""

from __future__ import annotations

import argparse
import json
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from ml import job
from ml.code_version import check_code_version
from ml.config.use_case import load_use_case
from ml.data import csv_polars
from ml.data.column_cells import Flags
from ml.data.data_gate import GatedData, gate
from ml.data.frames import write_sample, write_split
from ml.data.profile import PROFILE_FILE, columns_statistics, make_profile
from ml.data.split import held_out_rows


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
        "--reader",
        choices=("auto", "csv"),
        default="auto",
        help="auto: polars where it is installed; csv: Python's csv module. The result is the same",
    )
    job.add_message_option(parser)
    return parser.parse_args(arguments)


def main(args: argparse.Namespace) -> None:
    check_code_version(__file__)
    use_case = load_use_case(args.config)
    print(f"use case {use_case.name}: {use_case.task} of {use_case.target}")

    # The rows wait beside the output: in a container /tmp may be small, and this volume is not.
    scratch = next(
        folder for folder in (args.output, *args.output.absolute().parents) if folder.is_dir()
    )
    fast = csv_polars.installed() and args.reader == "auto"
    data = gate(args.data, use_case, fast=fast, scratch=scratch)
    try:
        print_data(data, args.data)
        test = held_out_rows(data.hashes, data.labels, data.same_features, use_case)
        with ThreadPoolExecutor(1) as beside:  # writing alone leaves some of the cores idle
            columns = beside.submit(columns_statistics, data, ~test)
            train_file, test_file = write_splits(data, test, args.output)
            if test_file.suffix != ".csv":
                write_sample(data.chunks(test), use_case, args.output / "test")
            profile = make_profile(data, test, train_file, test_file, columns.result())
    finally:
        data.close()
    folder = args.output / "model"
    folder.mkdir(exist_ok=True)
    text = json.dumps(profile, indent=2, allow_nan=False) + "\n"
    (folder / PROFILE_FILE).write_text(text, encoding="utf-8")
    splits = profile["split"]
    print(
        f"split with seed {splits['seed']}: {splits['train']['rows']} rows to {train_file.name}, "
        f"{splits['test']['rows']} to {test_file.name}"
    )
    share = splits["test"]["rows"] / data.rows
    if abs(share - splits["test_share"]) > 0.5 * splits["test_share"]:
        print(
            f"note: rows with the same features stay together, so {share:.1%} of the rows are held out "
            f"and not {splits['test_share']:.1%}"
        )
    print_columns(profile["columns"])
    print(f"dataset sha256 {profile['dataset']['sha256']}")


def write_splits(data: GatedData, test: Flags, output: Path) -> list[Path]:
    """Write both splits at once: neither keeps all cores busy on its own."""

    def write(split: str) -> Path:
        rows = test if split == "test" else ~test
        chunks = data.chunks(rows)
        return write_split(chunks, data.use_case, output / split, split, int(rows.sum()))

    with ThreadPoolExecutor(2) as writers:
        return list(writers.map(write, ("train", "test")))


def print_data(data: GatedData, folder: Path) -> None:
    for file in data.files:
        print(
            f"read {file.name}: {file.rows} rows, {file.size} bytes, {file.encoding}, "
            f"delimiter {file.delimiter!r}, sha256 {file.sha256}"
        )
    ignored = other_files(folder, {file.name for file in data.files})
    if ignored:
        print(f"ignored files (hidden, or not .csv): {', '.join(ignored)}")
    if data.ignored_columns:
        print(f"ignored columns: {', '.join(data.ignored_columns)}")
    if data.dropped_duplicates:
        print(f"dropped {data.dropped_duplicates} rows that repeat another one")
    if len(data.same_features):
        print(f"{len(data.same_features)} rows share all features with another: kept on one side")
    print(f"{data.rows} rows passed every rule")


def other_files(folder: Path, read: set[str]) -> list[str]:
    paths = (path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file())
    return sorted(path for path in paths if path not in read)


def print_columns(columns: dict[str, Any]) -> None:
    """Print what the columns of the training split hold."""
    for name, column in columns.items():
        if "counts" in column:
            seen = ", ".join(f"{value} {count}" for value, count in column["counts"].items())
        else:
            numbers = column.get("characters", column)
            unit = " characters" if "characters" in column else ""
            seen = "nothing"
            if "mean" in numbers:
                seen = (
                    f"{numbers['minimum']:.6g} to {numbers['maximum']:.6g}{unit}, "
                    f"mean {numbers['mean']:.6g}"
                )
        print(f"  {name}: {seen}" + (f", {column['missing']} empty" if column["missing"] else ""))


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(job.run(lambda: main(arguments), reason_file=arguments.message, exit_code=1))
