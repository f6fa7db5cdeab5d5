"""What the comparison of servers reads from wrk, computes and writes."""

from __future__ import annotations

import copy
from typing import Any

import pytest

from benchmarks.serving.__main__ import median_of
from benchmarks.serving.load import Load, read_wrk
from benchmarks.serving.report import BASELINE, OURS, markdown, targets

WRK = """Running 3s test @ http://127.0.0.1:18082/invocations
  1 threads and 16 connections
  Thread Stats   Avg      Stdev     Max   +/- Stdev
    Latency     0.98ms    1.20ms  20.00ms   91.10%
    Req/Sec    20.10k     2.20k   24.00k    70.00%
  Latency Distribution
     50%  730.00us
     75%    1.20ms
     90%    2.10ms
     99%    1.02s
  60311 requests in 3.00s, 10.00MB read
  Socket errors: connect 0, read 1, write 2, timeout 3
  Non-2xx or 3xx responses: 4
Requests/sec:  20099.53
Transfer/sec:      3.33MB
"""


def test_read_wrk() -> None:
    assert read_wrk(WRK) == Load(20099.53, 0.73, 1020.0, 10)
    assert read_wrk(WRK.replace("  Socket", "  x").replace("  Non-2xx", "  x")).failed == 0


def test_the_median_of_every_number() -> None:
    rounds = [{"a": 1, "b": {"c": 5.0}}, {"a": 9, "b": {"c": 1.0}}, {"a": 2, "b": {"c": 2.0}}]
    assert median_of(rounds) == {"a": 2, "b": {"c": 2.0}}


def measured(rate: float) -> dict[str, Any]:
    load = {"requests_per_second": rate, "p50_ms": 1.0, "p99_ms": 4.0, "failed": 0}
    return {
        "start_seconds": 0.4,
        "difference": 1e-15,
        "rows_1": load,
        "rows_100": {**load},
        "resident_mib": 150.0,
        "proportional_mib": 90.0,
    }


@pytest.fixture
def result() -> dict[str, Any]:
    machine = {
        "cores": 2, "memory_gib": 4, "system": "Linux", "architecture": "x86_64", "load_average": 0.1,
    }  # fmt: skip
    entry = {"settings": "2 workers", "versions": {"flask": "3"}}
    return {
        "machine": machine,
        "models": {"linear": "Ridge", "boosting": "Hist"},
        "versions": {"python": "3.11"},
        "repeats": 3,
        "seconds": 3,
        "stacks": {
            OURS: {**entry, "measured": {"linear": measured(20_000), "boosting": measured(20_000)}},
            BASELINE: {**entry, "measured": {"linear": measured(2000), "boosting": measured(1000)}},
            "Other": {**entry, "unavailable": "cannot be installed: no"},
        },
    }


def test_targets_that_are_met(result: dict[str, Any]) -> None:
    assert all(met for _, _, met in targets(result))
    assert len(targets(result)) == 12


@pytest.mark.parametrize(
    ("key", "value", "what"),
    [
        ("start_seconds", 0.51, "first 200"),
        ("resident_mib", 201, "resident memory"),
        ("rows_1", {"requests_per_second": 19_999, "p99_ms": 5, "failed": 0}, "1 row"),
        ("rows_100", {"requests_per_second": 9_999, "p99_ms": 5, "failed": 0}, "100 row"),
        ("rows_1", {"requests_per_second": 20_000, "p99_ms": 5.1, "failed": 0}, "p99"),
        ("rows_1", {"requests_per_second": 20_000, "p99_ms": 5, "failed": 1}, "no request failed"),
    ],
)
def test_a_target_that_is_missed(result: dict[str, Any], key: str, value: Any, what: str) -> None:
    changed = copy.deepcopy(result)
    changed["stacks"][OURS]["measured"]["linear"][key] = value
    missed = [text for text, _, met in targets(changed) if not met]
    assert len(missed) == 1
    assert what in missed[0]


def test_the_table_names_every_server_and_its_ratio(result: dict[str, Any]) -> None:
    text = markdown(result)
    assert "| serve (this project) | 20,000 | 10.0x | 1.00, 4.00 |" in text
    assert "| serve (this project) | 20,000 | 20.0x |" in text
    assert "| Other | cannot be installed: no |" in text
    widths = {
        line.count("|") for line in text.splitlines() if line.startswith(("| serve", "| Other"))
    }
    assert widths == {11, 4}
