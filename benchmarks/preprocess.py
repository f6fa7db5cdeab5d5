"""Preprocess of housing: our job beside a pandas script, and at a tenth of the rows.

python -m benchmarks.preprocess --rows 10000000 --output benchmarks/results/preprocess.json
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

from benchmarks.command import add_rows, make_parser, report
from benchmarks.measure import (
    MEBIBYTE,
    Usage,
    about,
    as_dict,
    machine,
    markdown,
    median,
    run,
    versions,
)

Command = list[str | Path]
ROOT = Path(__file__).resolve().parents[1]
TARGETS = {"times faster": 10.0, "share of memory": 1 / 3, "times for ten times the rows": 11.0}


def benchmark(rows: int, repeats: int, folder: Path) -> dict[str, Any]:
    box = machine()
    config = folder / "use_case.json"
    config.write_text(json.dumps(housing_use_case()), encoding="utf-8")
    whole, tenth = folder / "data", folder / "data-tenth"
    file = make_data(whole, rows)
    make_data(tenth, rows // 10)

    found: dict[str, list[Usage]] = {"ours": [], "pandas": [], "tenth": []}
    for number in range(repeats):  # one after the other, so that each meets the same neighbours
        for name, data in (("ours", whole), ("pandas", whole), ("tenth", tenth)):
            output = folder / name
            shutil.rmtree(output, ignore_errors=True)
            usage = run(command(name, data, config, output))
            print(f"{number + 1}/{repeats} {name}: {as_dict(usage)}", file=sys.stderr, flush=True)
            found[name].append(usage)
    module: Command = ["benchmarks.check_splits", file, folder / "ours", folder / "pandas"]
    run([sys.executable, "-m", *module], directory=ROOT)
    ours, pandas, small = (median(found[name]) for name in ("ours", "pandas", "tenth"))
    return {
        "benchmark": "preprocess",
        "rows": rows,
        "csv_mib": round(file.stat().st_size / MEBIBYTE, 1),
        "repeats": repeats,
        "machine": box,
        "versions": versions("polars", "numpy", "pandas", "scikit-learn"),
        "ours": as_dict(ours),
        "pandas": as_dict(pandas),
        "ours_tenth": as_dict(small),
        "ratios": {
            "times faster": round(pandas.seconds / ours.seconds, 2),
            "share of memory": round(ours.peak / pandas.peak, 3),
            "times for ten times the rows": round(ours.seconds / small.seconds, 2),
        },
        "checked": "every row of the CSV is in train or test exactly once, in both outputs",
    }


def command(name: str, data: Path, config: Path, output: Path) -> Command:
    if name == "pandas":
        script = ROOT / "benchmarks" / "pandas_preprocess.py"
        return [sys.executable, script, data / "housing.csv", config, output]
    script = ROOT / "workflow" / "preprocess.py"
    message = output.with_suffix(".message")
    flags: Command = ["--data", data, "--config", config, "--output", output]
    return [sys.executable, script, *flags, "--message", message]


def housing_use_case() -> dict[str, Any]:
    path = ROOT / "config" / "use_cases" / "housing.yaml"
    document: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))
    return document


def make_data(folder: Path, rows: int) -> Path:
    file = folder / "housing.csv"
    module: Command = ["benchmarks.housing_data", "--rows", str(rows), "--output", file]
    run([sys.executable, "-m", *module], directory=ROOT)
    return file


def table(result: dict[str, Any]) -> str:
    rows, ratios = result["rows"], result["ratios"]
    lines: list[list[object]] = []
    for name, key, count in (
        ("preprocess.py (gate, split, profile)", "ours", rows),
        ("the same, a tenth of the rows", "ours_tenth", rows // 10),
        ("pandas script (checks, split)", "pandas", rows),
    ):
        usage = result[key]
        lines.append([name, f"{count:,}", f"{usage['seconds']:.1f}", f"{usage['peak_mib']:.0f}"])
    return "\n".join(
        [
            markdown(["preprocess", "rows", "seconds", "peak MiB"], lines),
            "",
            f"{ratios['times faster']}x faster than pandas (target 10x) at "
            f"{ratios['share of memory']:.2f} of its memory (target 0.33); ten times the rows take "
            f"{ratios['times for ten times the rows']}x the time (target 11x). "
            f"Checked: {result['checked']}.",
            f"({result['csv_mib']} MiB of CSV; {about(result)})",
        ]
    )


def missed(result: dict[str, Any]) -> list[str]:
    """The targets that this run does not reach."""
    ratios = result["ratios"]
    reached = {
        "times faster": ratios["times faster"] >= TARGETS["times faster"],
        "share of memory": ratios["share of memory"] <= TARGETS["share of memory"],
        "times for ten times the rows": ratios["times for ten times the rows"]
        <= TARGETS["times for ten times the rows"],
    }
    return [name for name, yes in reached.items() if not yes]


def main() -> int:
    parser = make_parser(__doc__, repeats=3)
    add_rows(parser, space=4)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        result = benchmark(args.rows, args.repeats, Path(folder))
    texts = [
        f"{name} {result['ratios'][name]}, target {TARGETS[name]:.2f}" for name in missed(result)
    ]
    return report(args, result, table(result), texts)


if __name__ == "__main__":
    sys.exit(main())
