"""The result of a comparison as Markdown tables, with the targets and whether they were met."""

from __future__ import annotations

from typing import Any

from benchmarks.measure import about

OURS = "serve (this project)"
BASELINE = "SageMaker scikit-learn stack, OMP_NUM_THREADS=1"
MODELS = {"linear": "linear model", "boosting": "gradient boosting"}


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
        p99 = mine["rows_1"]["p99_ms"]
        rows.append((f"{label}: p99 of one row at most 5 ms", f"{p99:.2f} ms", p99 <= 5))
        resident = mine["resident_mib"]
        rows.append((f"{label}: resident memory of all processes at most 200 MiB", f"{resident:.0f} MiB",
                     resident <= 200))  # fmt: skip
        start = mine["start_seconds"]
        rows.append((f"{label}: first 200 on /ping at most 0.5 s after the start", f"{start:.2f} s",
                     start <= 0.5))  # fmt: skip
        failed = sum(mine[key]["failed"] for key in ("rows_1", "rows_100"))
        rows.append((f"{label}: no request failed", f"{failed:.0f} failed", failed == 0))
    return rows


def _rate(measured: dict[str, Any], rows: int) -> float:
    return float(measured[f"rows_{rows}"]["requests_per_second"])


def markdown(result: dict[str, Any]) -> str:
    """The tables."""
    base = result["stacks"].get(BASELINE, {}).get("measured", {})
    lines = [
        f"wrk on the same machine, 16 connections, {result['seconds']} s a load. ({about(result)} starts)",
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
            one_latency = f"{one['p50_ms']:.2f}, {one['p99_ms']:.2f}" if rates[0] != "0" else "-"
            many_latency = f"{many['p99_ms']:.2f}" if rates[1] != "0" else "-"
            lines.append(
                f"| {name}{note} | {rates[0]} | {ratios[0]} | {one_latency} "
                f"| {rates[1]} | {ratios[1]} | {many_latency} "
                f"| {found['resident_mib']:.0f} ({found['proportional_mib']:.0f}) "
                f"| {found['start_seconds']:.2f} | {found['difference']:.1g} |"
            )
        lines.append("")
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


def missed(result: dict[str, Any]) -> list[str]:
    return [f"{what}: {found}" for what, found, met in targets(result) if not met]
