"""Compare the server of our image with others on the same models, side by side in one run.

    python -m benchmarks.serving                        everything, about ten minutes
    python -m benchmarks.serving --only SageMaker --repeats 1 --seconds 2

Every server answers the same rows; its predictions are compared with scikit-learn's before it is measured.
Each repeat starts every server anew; the table has the medians. Only 127.0.0.1 is used.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.command import make_parser, report
from benchmarks.measure import machine
from benchmarks.measure import versions as own_versions
from benchmarks.serving.environments import (
    ENVIRONMENTS,
    UnavailableError,
    make_environment,
    versions,
)
from benchmarks.serving.load import Running, load, require_wrk, started
from benchmarks.serving.report import markdown, missed
from benchmarks.serving.stacks import STACKS, Files, Stack
from benchmarks.serving.trained_models import csv_of, describe, expected, make_models, sample_rows

TOLERANCE = 1e-6
CHECKED_ROWS = 500
SMALL, LARGE = 1, 100
WARM_UP_SECONDS = 1

Measured = dict[str, Any]


def check(server: Running, model: Files) -> float:
    """The largest difference to scikit-learn's predictions; raise UnavailableError when it is too large."""
    rows = sample_rows(model, CHECKED_ROWS)
    wanted = expected(model, rows)
    forms = [(server.stack.request(rows), "application/json")]
    if server.stack.csv:
        forms.append((csv_of(rows), "text/csv"))
    worst = 0.0
    for body, kind in forms:
        status, answer = server.request("POST", server.stack.path, body, kind)
        if status != 200:
            raise UnavailableError(f"answered {status}: {answer[:200]!r}")
        found = (
            [float(line) for line in answer.split()]
            if kind == "text/csv"
            else server.stack.answer(json.loads(answer))
        )
        if len(found) != len(wanted):
            raise UnavailableError(f"answered {len(found)} predictions to {len(wanted)} rows")
        differences = (
            abs(one - two) / max(1.0, abs(two)) for one, two in zip(found, wanted, strict=True)
        )
        worst = max(worst, *differences)
    if not worst <= TOLERANCE:
        raise UnavailableError(f"its predictions differ by {worst:.2g} from scikit-learn's")
    return worst


def measure(stack: Stack, python: Path, model: Files, seconds: int) -> Measured:
    """One start of one server with one model."""
    script = model.work / "post.lua"
    with started(stack, python, model) as server:
        found: Measured = {"start_seconds": server.wait_until_ready()}
        found["difference"] = check(server, model)
        for rows in (SMALL, LARGE):
            body = stack.request(sample_rows(model, rows))
            load(server, body, "application/json", WARM_UP_SECONDS, script)
            found[f"rows_{rows}"] = asdict(load(server, body, "application/json", seconds, script))
        found["resident_mib"], found["proportional_mib"] = server.memory()
    return found


def median_of(rounds: list[Measured]) -> Measured:
    """The median of every number, in the same places."""
    return {
        key: median_of([one[key] for one in rounds])
        if isinstance(value, dict)
        else statistics.median(one[key] for one in rounds)
        for key, value in rounds[0].items()
    }


def compare(stacks: list[Stack], args: argparse.Namespace, work: Path) -> dict[str, Any]:
    box = machine()
    models = make_models(work)
    entries: dict[str, dict[str, Any]] = {}
    pythons: dict[str, Path] = {}
    for stack in stacks:
        entry = entries[stack.name] = {"settings": stack.settings}
        try:
            pythons[stack.name] = interpreter(stack, args.environments)
            entry["versions"] = versions(pythons[stack.name], stack.packages)
        except UnavailableError as error:
            entry["unavailable"] = str(error)
    found: dict[tuple[str, str], list[Measured]] = {}
    for number in range(args.repeats):
        for stack in stacks:
            if number and stack.slow:
                continue
            for name, model in models.items():
                if "unavailable" in entries[stack.name]:
                    continue
                try:
                    measured = measure(stack, pythons[stack.name], model, args.seconds)
                except UnavailableError as error:
                    entries[stack.name]["unavailable"] = str(error)
                    continue
                found.setdefault((stack.name, name), []).append(measured)
                rate = measured["rows_1"]["requests_per_second"]
                text = f"{number + 1}/{args.repeats} {stack.name}, {name}: {rate:,.0f} requests/s"
                print(text, file=sys.stderr, flush=True)
    for (stack_name, name), rounds in found.items():
        entries[stack_name].setdefault("measured", {})[name] = median_of(rounds)
    return {
        "benchmark": "serving",
        "machine": box,
        "versions": own_versions("scikit-learn"),
        "models": {name: describe(model) for name, model in models.items()},
        "repeats": args.repeats,
        "seconds": args.seconds,
        "stacks": entries,
    }


def interpreter(stack: Stack, environments: Path) -> Path:
    if stack.ours:
        return Path(sys.executable)
    return make_environment(environments / stack.packages[0], stack.packages)


def main() -> int:
    parser = make_parser(__doc__, repeats=3)
    parser.add_argument("--seconds", type=int, default=3, help="of each load (3)")
    parser.add_argument("--only", nargs="*", help="words of the names of servers to compare with")
    parser.add_argument("--environments", type=Path, default=ENVIRONMENTS, help="of the peers")
    args = parser.parse_args()
    require_wrk()
    args.environments = args.environments.resolve()
    stacks = [
        stack
        for stack in STACKS
        if stack.ours or any(word in stack.name for word in args.only or [""])
    ]
    with tempfile.TemporaryDirectory() as folder:
        result = compare(stacks, args, Path(folder))
    return report(args, result, markdown(result), missed(result))


if __name__ == "__main__":
    sys.exit(main())
