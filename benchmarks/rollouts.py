"""How long abort_rollout.py and rollback.py take to restore the traffic, and how exactly weights split it.

    python -m benchmarks.rollouts
    python -m benchmarks.rollouts --repeats 5 --calls 50000

A localaws in real time with the state machine `deploy` and its functions, an endpoint of one instance, and a
caller who calls 50 times a second and notes which version answers. The time runs from the start of the
command until the last answer of the version that has to go. Then an A/B test of 90 to 10 gets 10,000 calls.
"""

from __future__ import annotations

import http.client
import math
import os
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from benchmarks.command import make_parser, report
from benchmarks.inference_api import Way, signed
from benchmarks.measure import BenchmarkError, about, machine, markdown, versions
from localaws.testing import running
from tests.local.test_state_machines.conftest import PREFIX, ROOT, Machines
from tests.local.test_state_machines.quick_image import IMAGE, MODEL, answer_of, image_option
from tests.local.test_state_machines.registry import ROW, Registry, wait_until

USE_CASE = "iris"
ABORT, ROLLBACK = "abort_rollout.py", "rollback.py"
PAUSE = 0.02
# So many answers in succession, all of the version before, prove that it has the traffic again.
PROOF = 50
# One instance: the traffic moves at once, and the old instance stays for a while in which alarms bring it
# back.
BAKE_SECONDS = 30
ROLLOUT = {
    "type": "ALL_AT_ONCE", "step_percent": 50, "wait_seconds": 0, "termination_seconds": BAKE_SECONDS,
    "maximum_seconds": 3600, "poll_seconds": 1, "max_error_rate": 0.01,
    "max_latency_microseconds": 30_000_000,
}  # fmt: skip
WEIGHT, POINTS, CONNECTIONS = 0.1, 0.02, 4


class Caller(threading.Thread):
    """Calls the endpoint until the end of the block; knows when which version has answered."""

    def __init__(self, registry: Registry) -> None:
        super().__init__(daemon=True)
        self._registry = registry
        self._ended = threading.Event()
        self.answers: list[tuple[float, str]] = []
        self.failed = 0

    def __enter__(self) -> Caller:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._ended.set()
        self.join()

    def run(self) -> None:
        while not self._ended.wait(PAUSE):
            try:
                answer = self._registry.machines.runtime.invoke_endpoint(
                    EndpointName=self._registry.endpoint, ContentType="text/csv", Body=ROW
                )["Body"].read()
            except (BotoCoreError, ClientError):
                self.failed += 1
            else:
                self.answers.append((time.monotonic(), answer.decode().strip()))

    def has_answered(self, version: str) -> bool:
        return any(answer == version for _, answer in self.answers)

    def is_back(self, version: str) -> bool:
        """Whether the version had the latest answers all to itself."""
        latest = self.answers[-PROOF:]
        return len(latest) == PROOF and all(answer == version for _, answer in latest)

    def last_answer(self, version: str) -> float:
        return max(at for at, answer in self.answers if answer == version)


class Scripts:
    """The commands, as a person starts them."""

    def __init__(self, environment: Mapping[str, str]) -> None:
        self._environment = {
            **os.environ, **environment, "SERVICE": "ml-core", "BUILD_STAGE": "development",
            "USE_CASE": USE_CASE,
        }  # fmt: skip

    def start(self, name: str, *options: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, str(ROOT / "deployment-scripts" / name), "--reason", "a benchmark", *options],
            cwd=ROOT, env=self._environment, text=True,
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip


def timed(
    start: Callable[[], subprocess.Popen[str]], caller: Caller, bad: str, good: str
) -> dict[str, float]:
    """Seconds from the start of a command until the traffic is back, and until the command has ended."""
    began = time.monotonic()
    process = start()
    wait_until("the version before has the traffic", lambda: caller.is_back(good), 300)
    restored = caller.last_answer(bad) - began
    output, _ = process.communicate(timeout=300)
    if process.returncode:
        raise BenchmarkError(f"{process.args!r} ended with {process.returncode}:\n{output[-2000:]}")
    return {"restored": restored, "ended": time.monotonic() - began}


def one_round(registry: Registry, scripts: Scripts) -> dict[str, dict[str, float]]:
    """Abort the rollout of a version, then deploy another one and roll it back."""
    sagemaker = registry.machines.sagemaker
    good = answer_of(registry.run_of(registry.live()))
    with Caller(registry) as caller:
        bad = answer_of(registry.run_of(registry.register(MODEL)))
        execution = registry.start()
        wait_until("the new version has traffic", lambda: caller.has_answered(bad), 300)
        abort = timed(lambda: scripts.start(ABORT), caller, bad, good)
        registry.machines.wait(execution)

        version = registry.register(MODEL)
        bad = answer_of(registry.run_of(version))
        registry.deploy()
        wait_until("the new version has the traffic", lambda: caller.is_back(bad), 300)
        wait_until(
            "it is in service",
            lambda: (
                sagemaker.describe_endpoint(EndpointName=registry.endpoint)["EndpointStatus"]
                == "InService"
            ),
            300,
        )
        rollback = timed(lambda: scripts.start(ROLLBACK, "--yes"), caller, bad, good)
    if caller.failed:
        raise BenchmarkError(f"{caller.failed} calls failed")
    for name, found in ((ABORT, abort), (ROLLBACK, rollback)):
        began = time.monotonic()
        scripts.start(name, "--help").communicate(timeout=300)
        found["help"] = time.monotonic() - began
    return {ABORT: abort, ROLLBACK: rollback}


def split(machines: Machines, calls: int) -> dict[str, Any]:
    """The calls that each variant of an A/B test gets."""
    registry = Registry(machines, IMAGE)
    registry.register(MODEL)
    registry.register(MODEL, challenger={"version": "previous", "weight": WEIGHT})
    registry.deploy()
    url = machines.runtime.meta.endpoint_url
    path = f"{url}/endpoints/{registry.endpoint}/invocations"
    way = signed("InvokeEndpoint", path, ROW.encode(), "text/csv", "sagemaker")
    began = time.monotonic()
    with ThreadPoolExecutor(CONNECTIONS) as threads:
        amount = math.ceil(calls / CONNECTIONS)
        parts = threads.map(lambda _: variants(way, amount), range(CONNECTIONS))
        counts: Counter[str] = sum(parts, Counter())
    seconds = time.monotonic() - began
    registry.remove()
    share = counts["B"] / counts.total()
    if abs(share - WEIGHT) > POINTS:
        raise BenchmarkError(f"B has {share:.1%} of the calls, and its weight is {WEIGHT:.0%}")
    return {"calls": counts.total(), "B": counts["B"], "share": share, "seconds": round(seconds, 2)}


def variants(way: Way, calls: int) -> Counter[str]:
    """The variants that have answered."""
    found: Counter[str] = Counter()
    connection: http.client.HTTPConnection = way.connect()
    for _ in range(calls):
        headers, _ = way.send(connection)
        found[headers["x-Amzn-Invoked-Production-Variant"]] += 1
    connection.close()
    return found


def benchmark(repeats: int, calls: int, folder: Path) -> dict[str, Any]:
    box = machine()
    programs = folder / "image"
    programs.mkdir()
    rounds = []
    with running(folder / "localaws", *image_option(programs)) as server:
        machines = Machines(server, ROLLOUT)
        server.client("ssm").put_parameter(
            Name=f"/{PREFIX.replace('-development', '')}/development/deploy_step_function_arn",
            Type="String",
            Value=machines.arns["deploy"],
        )
        registry = Registry(machines, IMAGE, USE_CASE)
        registry.register(MODEL)
        registry.deploy()
        scripts = Scripts(server.environment)
        for number in range(repeats):
            rounds.append(one_round(registry, scripts))
            print(f"{number + 1}/{repeats} {rounds[-1]}", file=sys.stderr, flush=True)
        registry.remove()
        shares = split(machines, calls)
    return {
        "benchmark": "rollouts",
        "repeats": repeats,
        "machine": box,
        "versions": versions("boto3"),
        "rounds": rounds,
        "split": shares,
    }


def table(result: dict[str, Any]) -> str:
    def seconds(name: str, key: str) -> list[str]:
        values = [found[name][key] for found in result["rounds"]]
        return [f"{statistics.median(values):.1f}", f"{max(values):.1f}"]

    header = [
        "command", "traffic restored, s", "slowest", "command ended, s", "slowest", "--help, s", "slowest",
    ]  # fmt: skip
    keys = ("restored", "ended", "help")
    lines = [
        [name, *(value for key in keys for value in seconds(name, key))]
        for name in (ABORT, ROLLBACK)
    ]
    shares = result["split"]
    return "\n".join(
        [
            markdown(header, lines),
            "",
            "From the start of the command; no call failed. What --help takes is the start of its process. "
            f"{ROLLBACK} starts a new instance and ends after the bake of {BAKE_SECONDS} s. On AWS an "
            "instance takes minutes to start.",
            f"A/B test with the weights {1 - WEIGHT:g} and {WEIGHT:g}: of {shares['calls']:,} calls in "
            f"{shares['seconds']} s, B answered {shares['B']:,}, {shares['share']:.1%} (allowed: "
            f"{POINTS * 100:g} points more or less).",
            f"({about(result)})",
        ]
    )


def main() -> int:
    parser = make_parser(__doc__, repeats=3)
    parser.add_argument("--calls", type=int, default=10_000, help="of the A/B test (10,000)")
    args = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        result = benchmark(args.repeats, args.calls, Path(folder))
    return report(args, result, table(result), [])


if __name__ == "__main__":
    sys.exit(main())
