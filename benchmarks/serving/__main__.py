"""Compare the server of our image with others on the same models, side by side in one run.

    python -m benchmarks.serving                        everything, about ten minutes
    python -m benchmarks.serving --only serve SageMaker --rounds 1 --seconds 2

Every server answers the same rows; its predictions are compared with scikit-learn's before it is measured.
Each round starts every server anew; the table has the medians of the rounds. Only 127.0.0.1 is used.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict
from pathlib import Path
from typing import Any

from benchmarks.serving.environments import UnavailableError, make_environment, versions
from benchmarks.serving.load import Running, load, require_wrk, started
from benchmarks.serving.models import csv_of, describe, expected, make_models, sample_rows
from benchmarks.serving.report import machine, markdown, update_page, write_report
from benchmarks.serving.stacks import STACKS, WORKERS, Files, Stack

TOLERANCE = 1e-6
CHECKED_ROWS = 500
SMALL, LARGE = 1, 100
PAYLOAD = 6 * 1024 * 1024
PAYLOADS = 8
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
        if stack.csv:
            found["batch"] = _batch(server, model, seconds, script)
            found["resident_after_batch_mib"] = server.memory()[0]
    return found


def _batch(server: Running, model: Files, seconds: int, script: Path) -> Measured:
    """Rows a second of CSV: payloads of 6 MB for us, requests of 100 rows for the other."""
    if not server.stack.ours:
        result = load(server, csv_of(sample_rows(model, LARGE)), "text/csv", seconds, script)
        rate = result.requests_per_second * LARGE
        return {"rows": LARGE, "rows_per_second": rate, "failed": result.failed}
    line = len(csv_of(sample_rows(model, 1000))) / 1000
    rows = int(PAYLOAD / line * 0.98)
    body = csv_of(sample_rows(model, rows))

    def send(_: int) -> bool:
        status, answer = server.request("POST", server.stack.path, body, "text/csv")
        return status == 200 and answer.count(b"\n") == rows

    with ThreadPoolExecutor(WORKERS) as clients:
        began = time.monotonic()
        answered = list(clients.map(send, range(PAYLOADS)))
        elapsed = time.monotonic() - began
    return {
        "rows": rows,
        "rows_per_second": rows * PAYLOADS / elapsed,
        "failed": answered.count(False),
    }


def median_of(rounds: list[Measured]) -> Measured:
    """The median of every number, in the same places."""
    return {
        key: median_of([one[key] for one in rounds])
        if isinstance(value, dict)
        else statistics.median(one[key] for one in rounds)
        for key, value in rounds[0].items()
    }


def main(args: argparse.Namespace) -> int:
    require_wrk()
    args.output.mkdir(parents=True, exist_ok=True)
    work = args.output / "serving"
    work.mkdir(exist_ok=True)
    chosen = [
        stack
        for stack in STACKS
        if stack.ours or any(map(stack.name.__contains__, args.only or [""]))
    ]
    models = make_models(work)
    pythons: dict[str, Path] = {}
    result: dict[str, Any] = {
        "machine": machine(),
        "models": {name: describe(model) for name, model in models.items()},
        "rounds": args.rounds,
        "seconds": args.seconds,
        "stacks": {},
    }
    for stack in chosen:
        entry: dict[str, Any] = {"settings": stack.settings, "environment": dict(stack.environment)}
        result["stacks"][stack.name] = entry
        try:
            folder = args.environments / stack.packages[0]
            pythons[stack.name] = (
                Path(sys.executable) if stack.ours else make_environment(folder, stack.packages)
            )
            entry["versions"] = versions(pythons[stack.name], stack.packages)
        except UnavailableError as error:
            entry["unavailable"] = str(error)
    rounds: dict[tuple[str, str], list[Measured]] = {}
    for number in range(args.rounds):
        for stack in chosen:
            entry = result["stacks"][stack.name]
            for name, model in models.items():
                # Trees with a thread a core in every worker wait for each other for whole seconds.
                if "unavailable" in entry or (not stack.environment and not stack.ours and number):
                    continue
                try:
                    found = measure(stack, pythons[stack.name], model, args.seconds)
                except UnavailableError as error:
                    entry["unavailable"] = str(error)
                    continue
                rounds.setdefault((stack.name, name), []).append(found)
                rate = found["rows_1"]["requests_per_second"]
                sys.stdout.write(
                    f"round {number + 1}: {stack.name}, {name}: {rate:.0f} requests/s\n"
                )
    for (stack_name, name), measured in rounds.items():
        result["stacks"][stack_name].setdefault("measured", {})[name] = median_of(measured)
    missed = write_report(result, args.output)
    if args.page is not None:
        update_page(args.page, markdown(result))
    return 1 if args.check and missed else 0


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    parser.add_argument("--rounds", type=int, default=3, help="starts of every server (3)")
    parser.add_argument("--seconds", type=int, default=3, help="of each load (3)")
    parser.add_argument("--only", nargs="*", help="words of the names of servers to compare with")
    parser.add_argument(
        "--output", type=Path, default=Path("build/benchmarks"), help="folder of the results"
    )
    parser.add_argument(
        "--environments",
        type=Path,
        default=Path("build/benchmarks/environments"),
        help="of the peers",
    )
    parser.add_argument("--page", type=Path, help="page of docs/ to write the tables into")
    parser.add_argument("--check", action="store_true", help="end with 1 when a target is missed")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(parse_arguments()))
