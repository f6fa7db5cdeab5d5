"""What an approver looks at: metrics, threshold, rows, and where the report is."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.aws import error_code
from landing_zone.errors import OperatorError


@dataclass(frozen=True)
class Evidence:
    """An evaluation.json, and where it lies."""

    location: str
    gate: Mapping[str, Any]
    metrics: Mapping[str, float]

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
        return (
            f"{self.gate['metric']} {self.gate['value']:.4f} {sign} {self.gate['threshold']} "
            f"on {self.gate['rows']} held-out rows"
        )

    def text(self) -> str:
        """For a terminal."""
        width = max(map(len, self.metrics), default=0)
        lines = [f"gate      {self.verdict}"]
        lines += [f"metric    {name:<{width}}  {value:.6g}" for name, value in self.metrics.items()]
        lines.append(f"report    {self.location}report.html")
        return "\n".join(lines)


def split_uri(uri: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    if not uri.startswith("s3://") or not bucket:
        raise OperatorError(f"{uri!r} is no place in S3; a manifest holds s3://bucket/key")
    return bucket, key


def read_evidence(s3: Any, manifest: Mapping[str, Any]) -> Evidence:
    """The evaluation of the run that this manifest is of."""
    location = str(manifest["EvaluationOutputLocation"]).rstrip("/") + "/"
    bucket, key = split_uri(f"{location}evaluation.json")
    try:
        body = s3.get_object(Bucket=bucket, Key=key)["Body"].read()
    except ClientError as error:
        if error_code(error) not in {"404", "NoSuchKey"}:
            raise
        raise OperatorError(
            f"s3://{bucket}/{key} does not exist: has the model been evaluated?"
        ) from error
    evaluation = json.loads(body)
    return Evidence(location, evaluation["gate"], metrics_of(evaluation))


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The single numbers of the model-quality format: {"r2": {"value": 0.8, ...}} -> {"r2": 0.8}."""
    return {
        name: float(metric["value"])
        for group, metrics in evaluation.items()
        if group.endswith("_metrics")
        for name, metric in metrics.items()
        if isinstance(metric, dict) and isinstance(metric.get("value"), int | float)
    }
