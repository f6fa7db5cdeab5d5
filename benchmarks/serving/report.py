"""The result of a comparison as JSON and as a Markdown table, with the targets and whether they were met."""

from __future__ import annotations

import json
import os
import platform
import sys
from pathlib import Path
from typing import Any

import psutil

OURS = "serve (this project)"
BASELINE = "SageMaker scikit-learn stack, OMP_NUM_THREADS=1"
BEGIN, END = "<!-- serving: begin -->", "<!-- serving: end -->"
MODELS = {"linear": "linear model", "boosting": "gradient boosting"}


def machine() -> dict[str, Any]:
    name = platform.processor() or platform.machine()
    cpuinfo = Path("/proc/cpuinfo")
    if cpuinfo.exists():
        lines = [line for line in cpuinfo.read_text().splitlines() if line.startswith("model name")]
        name = lines[0].partition(":")[2].strip() if lines else name
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()
    return {
        "processor": name,
        "cores": cores,
        "memory_gib": round(psutil.virtual_memory().total / 2**30),
        "system": f"{platform.system()} {platform.release()}",
        "python": platform.python_version(),
        "load_average": os.getloadavg()[0] if hasattr(os, "getloadavg") else None,
    }


def targets(result: dict[str, Any]) -> list[tuple[str, str, bool]]:
    """What was promised, what was found, and whether that is enough."""
    ours = result["stacks"].get(OURS, {}).get("measured", {})
    base = result["stacks"].get(BASELINE, {}).get("measured", {})
    rows: list[tuple[str, str, bool]] = []
    for model, label in MODELS.items():
        mine, other = ours.get(model), base.get(model)
        if not mine:
            continue
        if other:
            for count, factor in ((1, 10), (100, 5)):
                ratio = _rate(mine, count) / _rate(other, count)
                what = f"{label}, {count} row(s): at least {factor}x the SageMaker stack"
                rows.append((what, f"{ratio:.1f}x", ratio >= factor))
            ratio = mine["batch"]["rows_per_second"] / other["batch"]["rows_per_second"]
            rows.append((f"{label}, CSV rows/s in 6 MB payloads: at least 10x its 100-row requests",
                         f"{ratio:.1f}x", ratio >= 10))  # fmt: skip
        p99 = mine["rows_1"]["p99_ms"]
        rows.append((f"{label}: p99 of one row at most 5 ms", f"{p99:.2f} ms", p99 <= 5))
        resident = mine["resident_mib"]
        rows.append((f"{label}: resident memory of all processes at most 200 MiB", f"{resident:.0f} MiB",
                     resident <= 200))  # fmt: skip
        start = mine["start_seconds"]
        rows.append((f"{label}: first 200 on /ping at most 0.5 s after the start", f"{start:.2f} s",
                     start <= 0.5))  # fmt: skip
        failed = sum(mine[key]["failed"] for key in ("rows_1", "rows_100", "batch"))
        rows.append((f"{label}: no request failed", f"{failed:.0f} failed", failed == 0))
    return rows


def _rate(measured: dict[str, Any], rows: int) -> float:
    return float(measured[f"rows_{rows}"]["requests_per_second"])


def markdown(result: dict[str, Any]) -> str:
    """The tables."""
    box = result["machine"]
    base = result["stacks"].get(BASELINE, {}).get("measured", {})
    lines = [
        f"{box['cores']} cores ({box['processor']}), {box['memory_gib']} GiB, {box['system']}, Python "
        f"{box['python']}; wrk on the same machine, 16 connections; medians of {result['rounds']} rounds of "
        f"{result['seconds']} s; load average {box['load_average']:.1f} before the run.",
        "",
    ]
    for model, label in MODELS.items():
        lines += [
            f"### {label.capitalize()} ({result['models'][model]})",
            "",
            "| server | 1 row, requests/s | ratio | p50, p99 ms | 100 rows, requests/s | ratio | p99 ms "
            "| resident (shared once) MiB | first 200 s | largest difference |",
            "| --- | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: | ---: |",
        ]
        for name, entry in result["stacks"].items():
            found = entry.get("measured", {}).get(model)
            if not found:
                lines.append(
                    f"| {name} | {entry.get('unavailable', 'not measured')} " + "| " * 8 + "|"
                )
                continue
            one, many = found["rows_1"], found["rows_100"]
            other = base.get(model)
            ratios = [
                f"{_rate(found, n) / _rate(other, n):.1f}x" if other else "" for n in (1, 100)
            ]
            failed = one["failed"] + many["failed"]
            rates = [f"{load['requests_per_second']:,.0f}" for load in (one, many)]
            note = f" ({failed:.0f} failed)" if failed else ""
            lines.append(
                f"| {name}{note} | {rates[0]} | {ratios[0]} | {one['p50_ms']:.2f}, "
                f"{one['p99_ms']:.2f} | {rates[1]} | {ratios[1]} | {many['p99_ms']:.2f} "
                f"| {found['resident_mib']:.0f} ({found['proportional_mib']:.0f}) "
                f"| {found['start_seconds']:.2f} | {found['difference']:.1g} |"
            )
        lines += ["", *_batch_lines(result, model), ""]
    lines += ["| target | found | |", "| --- | ---: | --- |"]
    lines += [
        f"| {what} | {found} | {'met' if met else 'missed'} |"
        for what, found, met in targets(result)
    ]
    lines += ["", "| server | versions | settings |", "| --- | --- | --- |"]
    for name, entry in result["stacks"].items():
        listed = ", ".join(f"{key} {value}" for key, value in entry.get("versions", {}).items())
        lines.append(f"| {name} | {listed} | {entry['settings']} |")
    return "\n".join(lines) + "\n"


def _batch_lines(result: dict[str, Any], model: str) -> list[str]:
    lines = []
    for name, entry in result["stacks"].items():
        found = entry.get("measured", {}).get(model, {})
        if "batch" in found:
            batch = found["batch"]
            lines.append(
                f"- CSV, {name}: {batch['rows_per_second']:,.0f} rows/s in requests of "
                f"{batch['rows']:,.0f} rows; resident afterwards {found['resident_after_batch_mib']:.0f} MiB"
            )
    return lines


def update_page(page: Path, text: str) -> None:
    """Put the tables between the marks of a page of docs/."""
    content = page.read_text(encoding="utf-8")
    top, found, rest = content.partition(BEGIN)
    _, end, bottom = rest.partition(END)
    if not found or not end:
        raise SystemExit(f"benchmarks: {page} has no lines {BEGIN!r} and {END!r}")
    page.write_text(f"{top}{BEGIN}\n\n{text}\n{END}{bottom}", encoding="utf-8")


def write_report(result: dict[str, Any], folder: Path) -> list[str]:
    """Write serving.json and serving.md; returns the targets that were missed."""
    (folder / "serving.json").write_text(json.dumps(result, indent=2) + "\n")
    text = markdown(result)
    (folder / "serving.md").write_text(text)
    sys.stdout.write(text)
    return [what for what, _, met in targets(result) if not met]
