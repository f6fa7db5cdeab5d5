"""What the report says first: verdicts, the difference to the model in production, the worst group."""

from __future__ import annotations

from typing import Any

from ml.evaluation.evidence import passes_champion, passes_threshold
from ml.evaluation.report_html import listed, verdict
from ml.evaluation.rounding import apart, certain, number


def summary(gate: dict[str, Any], champion: dict[str, Any], slices: dict[str, Any]) -> list[str]:
    return [*_verdicts(gate), listed([_against(champion), _worst(slices)])]


def _verdicts(gate: dict[str, Any]) -> list[str]:
    sign = "at least" if gate["direction"] == "maximize" else "at most"
    value = apart(gate["value"], gate["threshold"])
    verdicts = [
        verdict(
            passes_threshold(gate),
            f"{gate['metric']} = {value} on {gate['rows']:,} held-out rows; "
            f"the gate asks for {sign} {gate['threshold']:g}",
        )
    ]
    if gate["max_regression"] is not None and gate["champion_compared"]:
        worse_by = apart(gate["regression"], gate["max_regression"])
        verdicts.append(
            verdict(
                passes_champion(gate),
                f"{gate['metric']} is {worse_by.lstrip('-')} {quality(gate['regression'])} than that of "
                f"the model in production ({number(gate['champion_value'])}); the gate allows it to be "
                f"worse by {gate['max_regression']:g}",
            )
        )
    return verdicts


def quality(regression: float) -> str:
    return "worse" if regression > 0 else "better"


def deviation_of(champion: dict[str, Any]) -> float:
    """The deviation of the difference: its 95% interval is about four deviations wide."""
    return float(champion["interval"]["high"] - champion["interval"]["low"]) / 4


def chance(champion: dict[str, Any]) -> str:
    interval = champion["interval"]
    if interval["low"] <= 0 <= interval["high"]:
        return "may be chance"
    return f"{quality(champion['regression'])} by more than chance"


def _against(champion: dict[str, Any]) -> str:
    if champion["status"] != "compared":
        return f"Against the model in production: {champion['status']} ({champion['reason']})"
    deviation, interval = deviation_of(champion), champion["interval"]
    difference, low, high = (
        certain(value, deviation, "+")
        for value in (champion["difference"], interval["low"], interval["high"])
    )
    return (
        f"Against the model in production: {champion['metric']} {difference}, {interval['level']:.0%} "
        f"interval {low} to {high}: {chance(champion)}"
    )


def _worst(slices: dict[str, Any]) -> str:
    if not slices["worst"]:
        return f"Worst group: none of {slices['minimum_rows']} rows or more is worse than all rows"
    group = slices["worst"][0]
    deviation = group["standard_deviation"]
    return (
        f"Worst group: {group['column']}: {group['group']}, with {slices['metric']} "
        f"{certain(group['value'], deviation)} ± {number(deviation, 2)} on {group['rows']:,} rows "
        f"({certain(slices['value'], deviation)} on all)"
    )
