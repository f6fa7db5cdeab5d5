"""Train and evaluate housing on many rows: time and peak memory of the jobs, and what the memory holds.

    python -m benchmarks.train_evaluate --rows 10000000 --output benchmarks/results/train_evaluate.json

The peer is a straightforward script: pandas and the same estimator, without evidence.
"""

from __future__ import annotations

import json
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

from benchmarks.command import add_rows, make_parser, report
from benchmarks.measure import (
    MEBIBYTE,
    BenchmarkError,
    Usage,
    about,
    as_dict,
    machine,
    markdown,
    median,
    run,
    versions,
)
from benchmarks.preprocess import ROOT, Command, housing_use_case, make_data

LIMIT_MIB = 12 * 1024
STEPS = ("preprocess", "train", "evaluate", "pandas")


def benchmark(rows: int, repeats: int, folder: Path) -> dict[str, Any]:
    box = machine()
    document = housing_use_case()
    config = folder / "use_case.json"
    config.write_text(json.dumps(document), encoding="utf-8")
    make_data(folder / "data", rows)
    found: dict[str, list[Usage]] = {step: [] for step in STEPS}
    for number in range(repeats):
        for name in ("out", "model", "evaluation"):
            shutil.rmtree(folder / name, ignore_errors=True)
        for step in STEPS:
            usage = run(command(step, folder, config))
            print(f"{number + 1}/{repeats} {step}: {as_dict(usage)}", file=sys.stderr, flush=True)
            found[step].append(usage)
    checked = check_outputs(folder, rows)
    usages = {step: median(found[step]) for step in STEPS}
    features = len(document["columns"]) - 1
    return {
        "benchmark": "train_evaluate",
        "rows": rows,
        "repeats": repeats,
        "machine": box,
        "versions": versions("polars", "numpy", "pandas", "scikit-learn"),
        "steps": {step: as_dict(usage) for step, usage in usages.items()},
        "memory": memory_of(checked["part_rows"], features),
        "limit_mib": LIMIT_MIB,
        **checked,
    }


def command(step: str, folder: Path, config: Path) -> Command:
    out, model, reason = folder / "out", folder / "model", folder / f"{step}.message"
    if step == "pandas":
        script = ROOT / "benchmarks" / "pandas_train_evaluate.py"
        return [
            sys.executable,
            script,
            folder / "data" / "housing.csv",
            config,
            folder / "peer.json",
        ]
    flags: Command = ["--config", config]
    if step == "preprocess":
        flags += ["--data", folder / "data", "--output", out, "--message", reason]
    elif step == "train":
        flags += ["--train", out / "train", "--profile", out / "model"]
        flags += ["--model-dir", model, "--failure", reason]
    else:
        flags += ["--model", model, "--test", out / "test", "--profile", out / "model"]
        flags += ["--output", folder / "evaluation", "--message", reason]
    return [sys.executable, ROOT / "workflow" / f"{step}.py", *flags]


def check_outputs(folder: Path, rows: int) -> dict[str, Any]:
    """Both models must have learned the same relation, and all rows must have been used."""
    evaluation = json.loads((folder / "evaluation" / "evaluation.json").read_text(encoding="utf-8"))
    profile = json.loads((folder / "out" / "model" / "profile.json").read_text(encoding="utf-8"))
    peer = json.loads((folder / "peer.json").read_text(encoding="utf-8"))
    parts = [profile["split"][part]["rows"] for part in ("train", "test")]
    ours = float(evaluation["regression_metrics"]["r2"]["value"])
    if sum(parts) != rows or evaluation["gate"]["rows"] != parts[1]:
        raise BenchmarkError(f"evaluated {evaluation['gate']['rows']} of {parts[1]} held-out rows")
    if abs(ours - peer["r2"]) > 0.01:
        raise BenchmarkError(f"r2 {ours} is not that of the peer, {peer['r2']}: another model")
    return {"part_rows": parts, "r2": {"ours": ours, "pandas": peer["r2"]}}


def memory_of(parts: list[int], features: int) -> dict[str, dict[str, float]]:
    """What must be in memory at some time, by what it is, in MiB; the rest is libraries and copies."""

    def mib(size: float) -> float:
        return round(size / MEBIBYTE, 1)

    train, test = parts
    cell, binned = 8, 1
    return {
        "train": {
            "training rows (float64)": mib(train * (features + 1) * cell),
            "features in bins of the boosting (uint8)": mib(train * features * binned),
            "gradients, hessians and predictions": mib(train * (4 + 4 + cell)),
        },
        "evaluate": {
            "held-out rows (float64)": mib(test * (features + 1) * cell),
            "actual, predicted and residuals": mib(test * 3 * cell),
            "groups of rows, some 5 a feature (1 byte)": mib(test * features * 5),
        },
    }


def table(result: dict[str, Any]) -> str:
    lines: list[list[object]] = []
    ours = [usage for step, usage in result["steps"].items() if step != "pandas"]
    together = {
        "seconds": sum(usage["seconds"] for usage in ours),
        "peak_mib": max(usage["peak_mib"] for usage in ours),
    }
    for name, usage in (
        *((f"{step}.py", result["steps"][step]) for step in STEPS if step != "pandas"),
        ("all three", together),
        ("pandas script, all in one", result["steps"]["pandas"]),
    ):
        lines.append([name, f"{usage['seconds']:.1f}", f"{usage['peak_mib']:.0f}"])
    text = [markdown([f"{result['rows']:,} rows of housing", "seconds", "peak MiB"], lines), ""]
    for job, parts in result["memory"].items():
        listed = ", ".join(f"{what} {size:.0f}" for what, size in parts.items())
        text.append(f"Memory of {job}, MiB: {listed}; the rest is libraries and passing copies.")
    r2 = result["r2"]
    text.append(
        f"Checked: all held-out rows were used; r2 {r2['ours']:.4f}, peer {r2['pandas']:.4f}."
    )
    return "\n".join([*text, f"({about(result)})"])


def missed(result: dict[str, Any]) -> list[str]:
    """The limit of memory, where a job passes it."""
    peak = max(result["steps"][step]["peak_mib"] for step in ("train", "evaluate"))
    return [f"{peak:.0f} MiB, at most {LIMIT_MIB}"] if peak > LIMIT_MIB else []


def main() -> int:
    parser = make_parser(__doc__, repeats=1)
    add_rows(parser, space=3)
    args = parser.parse_args()
    with tempfile.TemporaryDirectory(dir=args.scratch) as folder:
        result = benchmark(args.rows, args.repeats, Path(folder))
    return report(args, result, table(result), missed(result))


if __name__ == "__main__":
    sys.exit(main())
