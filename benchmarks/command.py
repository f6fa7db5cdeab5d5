"""The command line that the benchmarks share."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import Any

from benchmarks.measure import save


def make_parser(description: str, repeats: int) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(description=description.splitlines()[0], allow_abbrev=False)
    parser.add_argument(
        "--repeats", type=int, default=repeats, help=f"the median of so many ({repeats})"
    )
    parser.add_argument("--output", type=Path, help="JSON file to write the figures to")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    return parser


def add_rows(parser: argparse.ArgumentParser, space: int) -> None:
    """The options of a benchmark that reads a CSV; it writes `space` times as much."""
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the CSV (1,000,000)")
    parser.add_argument("--scratch", type=Path, help=f"folder with room for {space}x the CSV")


def report(args: argparse.Namespace, result: dict[str, Any], table: str, missed: list[str]) -> int:
    """Print and save the figures; returns the exit code."""
    print(table)
    save(result, args.output)
    for target in missed:
        print(f"missed: {target}")
    return 1 if missed and args.check else 0
