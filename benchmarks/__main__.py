"""Run every benchmark, one after the other, and write their tables into a page.

    python -m benchmarks                                              a million rows, about half an hour
    python -m benchmarks --rows 10000000 --page docs/performance.md   about an hour and a half
    python -m benchmarks --only preprocess batch_transform

The figures go to build/benchmarks/{name}.json. Nothing else should run on the machine meanwhile.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

from benchmarks.page import update_page

ROOT = Path(__file__).resolve().parents[1]
OF_ROWS = ("preprocess", "train_evaluate", "batch_transform")
LONG_ROWS = 2_000_000  # from here on the training takes so long that once has to do
NAMES = ("serving", *OF_ROWS, "inference_api", "rollouts")


def run(name: str, args: argparse.Namespace) -> tuple[int, str]:
    """The exit code of one benchmark, and the tables it printed."""
    command = [sys.executable, "-m", f"benchmarks.{name}", "--output", args.output / f"{name}.json"]
    once = name == "train_evaluate" and args.rows >= LONG_ROWS
    command += ["--repeats", "1" if once else str(args.repeats)]
    if name in OF_ROWS:
        command += ["--rows", str(args.rows)]
    if args.check:
        command.append("--check")
    print(f"== {name}", file=sys.stderr, flush=True)
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, text=True)
    print(done.stdout, flush=True)
    return done.returncode, done.stdout


def main() -> int:
    parser = argparse.ArgumentParser(
        description=__doc__,
        allow_abbrev=False,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--only", nargs="+", choices=NAMES, default=NAMES, help="which benchmarks")
    parser.add_argument("--rows", type=int, default=1_000_000, help="of the CSV (1,000,000)")
    parser.add_argument("--repeats", type=int, default=3, help="the median of so many (3)")
    parser.add_argument(
        "--output", type=Path, default=ROOT / "build/benchmarks", help="folder of the figures"
    )
    parser.add_argument("--page", type=Path, help="page with marks to write the tables into")
    parser.add_argument("--check", action="store_true", help="exit 1 when a target is missed")
    args = parser.parse_args()
    args.output = args.output.resolve()
    codes = []
    for name in args.only:
        code, tables = run(name, args)
        codes.append(code)
        if args.page is not None and tables:
            update_page(args.page, name, tables)
    return max(codes)


if __name__ == "__main__":
    sys.exit(main())
