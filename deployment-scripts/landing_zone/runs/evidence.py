"""The evidence for an approval of a model: gate, champion, worst group, metrics, and the report's place."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.s3 import split_folder


@dataclass(frozen=True)
class Evidence:
    """The content of an evaluation.json, and its folder in S3."""

    location: str
    gate: Mapping[str, Any]
    metrics: Mapping[str, float]
    champion: Mapping[str, Any] = field(default_factory=dict)
    slices: Mapping[str, Any] = field(default_factory=dict)

    @property
    def passed(self) -> bool:
        value, threshold = float(self.gate["value"]), float(self.gate["threshold"])
        return value >= threshold if self.gate["direction"] == "maximize" else value <= threshold

    @property
    def verdict(self) -> str:
        """The gate in one line."""
        sign = {(True, True): ">=", (True, False): "<", (False, True): "<=", (False, False): ">"}[
            self.gate["direction"] == "maximize", self.passed
        ]
        value = distinct_from(float(self.gate["value"]), float(self.gate["threshold"]))
        return (
            f"{self.gate['metric']} {value} {sign} {self.gate['threshold']} "
            f"on {self.gate['rows']} held-out rows"
        )

    @property
    def against_champion(self) -> str:
        """The difference to the model in production in one line, or why it was not compared."""
        if self.champion["status"] != "compared":
            return one_line(f"{self.champion['status']}: {self.champion['reason']}")
        interval = self.champion["interval"]
        low, high = float(interval["low"]), float(interval["high"])
        verdict = "worse" if self.champion["regression"] > 0 else "better"
        if low <= 0 <= high:
            verdict = "may be chance"
        return (
            f"{self.champion['metric']} {self.champion['difference']:+.4g} "
            f"({interval['level']:.0%} from {low:+.4g} to {high:+.4g}): {verdict}"
        )

    @property
    def worst_group(self) -> str:
        """The group of rows with the worst metric, in one line."""
        if not self.slices["worst"]:
            return "none is worse than all rows"
        worst, metric = self.slices["worst"][0], self.slices["metric"]
        return one_line(
            f"{worst['column']} {worst['group']}: {metric} {worst['value']:.4g} on {worst['rows']} "
            f"rows, {self.slices['value']:.4g} on all"
        )

    def text(self) -> str:
        """For a terminal."""
        width = max(map(len, self.metrics), default=0)
        lines = [f"gate      {self.verdict}"]
        if self.champion:
            lines.append(f"champion  {self.against_champion}")
        if self.slices:
            lines.append(f"worst     {self.worst_group}")
        lines += [f"metric    {name:<{width}}  {value:.6g}" for name, value in self.metrics.items()]
        lines.append(f"report    {self.location}report.html")
        return "\n".join(lines)


def distinct_from(value: float, threshold: float) -> str:
    """The value with four decimals, or with as many as show its side of the threshold."""
    for decimals in range(4, 17):
        text = f"{value:.{decimals}f}"
        if (float(text) >= threshold, float(text) <= threshold) == (
            value >= threshold,
            value <= threshold,
        ):
            return text
    return repr(value)


def one_line(text: str) -> str:
    """Text from data or libraries, without line breaks and control characters."""
    return "".join(char if char.isprintable() else " " for char in " ".join(text.split()))


def read_evidence(s3: Any, manifest: Mapping[str, Any]) -> Evidence:
    """The evaluation of a run, by its manifest."""
    return evidence_at(s3, str(manifest[Key.EVALUATION]))


def evidence_at(s3: Any, location: str) -> Evidence:
    """The evaluation in a folder in S3."""
    bucket, folder = split_folder(location)
    key = f"{folder}evaluation.json"
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey"}:
            raise
        raise OperatorError(
            f"s3://{bucket}/{key} does not exist: has the model been evaluated?"
        ) from error
    evaluation = json.loads(body)
    # A model of an earlier code version may have been evaluated without them.
    champion, slices = evaluation.get("champion", {}), evaluation.get("slices", {})
    return Evidence(
        f"s3://{bucket}/{folder}", evaluation["gate"], metrics_of(evaluation), champion, slices
    )


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of the model-quality format: {"r2": {"value": 0.8, ...}} -> {"r2": 0.8}."""
    return {
        name: float(metric["value"])
        for group, metrics in evaluation.items()
        if group.endswith("_metrics")
        for name, metric in metrics.items()
        if isinstance(metric, dict) and isinstance(metric.get("value"), int | float)
    }
