"""The table of the inference API, and the percentiles in it."""

from __future__ import annotations

from typing import Any

from benchmarks.inference_api import API, DIRECT, FLASK, percentile, table


def result(**medians: tuple[float, float]) -> dict[str, Any]:
    found = {name: {"p50_ms": p50, "p99_ms": p99} for name, (p50, p99) in medians.items()}
    machine = {
        "cores": 2, "memory_gib": 4, "system": "Linux", "architecture": "x86_64", "load_average": 0,
    }  # fmt: skip
    return {
        "calls": 400, "repeats": 5, "machine": machine, "versions": {"flask": "3"},
        "connections": {"1": {"median": found}},
    }  # fmt: skip


def test_the_overhead_is_what_a_way_takes_longer_than_the_endpoint_itself() -> None:
    lines = table(result(**{DIRECT: (2.0, 4.0), FLASK: (5.0, 8.0), API: (10.0, 24.0)})).splitlines()

    assert lines[2] == f"| {DIRECT} | 1 | 2.0 | 4.0 | - | - | 0.4x | 0.5x |"
    assert lines[3] == f"| {FLASK} | 1 | 5.0 | 8.0 | 3.0 | 4.0 | 1.0x | 1.0x |"
    assert lines[4] == f"| {API} | 1 | 10.0 | 24.0 | 8.0 | 20.0 | 2.0x | 3.0x |"


def test_percentiles() -> None:
    assert [percentile([float(n) for n in range(101)], share) for share in (50, 99)] == [50, 99]
