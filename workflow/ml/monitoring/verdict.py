"""The verdict on the traffic of an endpoint: in one line, as metrics, and as drift.json."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from ml.monitoring.baseline import Baseline
from ml.monitoring.capture import Seen
from ml.monitoring.comparison import ColumnDrift, Limits, Test
from ml.monitoring.quality import QualityDrift

VERSION = 1
DRIFT, NO_DRIFT, TOO_FEW_ROWS = "drift", "no drift", "too few rows"
SHOWN_COLUMNS = 4


@dataclass(frozen=True)
class Findings:
    """Everything that a run of drift.py found."""

    use_case: str
    endpoint: str
    baseline: Baseline
    limits: Limits
    seen: Seen
    columns: list[ColumnDrift]  # of the features, the most different first
    prediction: ColumnDrift
    quality: QualityDrift
    labelled_rows: int

    @property
    def enough(self) -> bool:
        return self.seen.rows >= self.limits.minimum_rows

    @property
    def drifted(self) -> list[ColumnDrift]:
        """Features and predictions; of too few rows nothing is said."""
        every = [*self.columns, self.prediction]
        return [column for column in every if column.drifted] if self.enough else []

    @property
    def verdict(self) -> str:
        if self.drifted or self.quality.drifted:
            return DRIFT
        return NO_DRIFT if self.enough else TOO_FEW_ROWS

    @property
    def psi(self) -> float:
        """The largest PSI above chance."""
        every = [*self.columns, self.prediction]
        above = [(c.psi - (c.psi_by_chance or 0.0)) for c in every if c.psi is not None]
        return max([0.0, *above])


def summary(found: Findings) -> str:
    """The verdict in one line."""
    rows, compared = found.seen.rows, len(found.columns)
    quality = _quality(found.quality)
    if found.verdict == TOO_FEW_ROWS:
        return (
            f"too few rows: {rows:,}, and a comparison needs {found.limits.minimum_rows:,}{quality}"
        )
    if found.verdict == NO_DRIFT:
        return f"no drift: none of {compared} columns differs from the training, on {rows:,} rows{quality}"
    if not found.drifted:
        return f"drift: the quality has fallen, on {found.quality.rows:,} labels{quality}"
    shown = ", ".join(f"{c.column} ({reason(c)})" for c in found.drifted[:SHOWN_COLUMNS])
    more = len(found.drifted) - SHOWN_COLUMNS
    rest = f" and {more} more" if more > 0 else ""
    features = sum(column.drifted for column in found.columns)
    return f"drift: {features} of {compared} columns on {rows:,} rows: {shown}{rest}{quality}"


def reason(column: ColumnDrift) -> str:
    """Why a column counts as drifted; its largest difference when it does not."""
    drifted = [test for test in column.tests if test.drifted]
    return ", ".join(_why(column, test) for test in drifted) if drifted else ""


def _why(column: ColumnDrift, test: Test) -> str:
    if test.name == "missing":
        return f"{column.missing_share:.1%} empty, {test.statistic:+.1%}"
    if test.name in ("unknown", "out of range"):
        return f"{column.unknown_share:.1%} {test.name}"
    return f"PSI {column.psi:.2f}"


def _quality(quality: QualityDrift) -> str:
    if quality.value is None:
        return ""
    return (
        f"; {quality.metric} {quality.value:.3f} on {quality.rows:,} labels, "
        f"{quality.training:.3f} in the training"
    )


def metrics(found: Findings) -> list[dict[str, Any]]:
    """MetricData of PutMetricData. What is not known has no data point, which is not the same as 0."""
    values: list[tuple[str, float, str]] = [("DriftRows", found.seen.rows, "Count")]
    if found.enough:
        features = sum(column.drifted for column in found.columns)
        values += [
            ("DriftedColumns", len(found.drifted), "Count"),
            ("DriftedShare", features / max(1, len(found.columns)), "None"),
            ("DriftPsi", found.psi, "None"),
        ]
    if found.quality.value is not None:
        values.append(("DriftQuality", found.quality.value, "None"))
    if found.verdict != TOO_FEW_ROWS:
        values.append(("DriftVerdict", float(found.verdict == DRIFT), "None"))
    dimensions = [{"Name": "EndpointName", "Value": found.endpoint}]
    return [
        {"MetricName": name, "Value": value, "Unit": unit, "Dimensions": dimensions}
        for name, value, unit in values
    ]


def short(found: Findings) -> dict[str, Any]:
    """verdict.json: what the state machine reads, small however many columns there are."""
    return {
        "version": VERSION,
        "verdict": found.verdict,
        "summary": summary(found),
        "use_case": found.use_case,
        "endpoint": found.endpoint,
        "rows": found.seen.rows,
        "labelled_rows": found.labelled_rows,
        "drifted_columns": [column.column for column in found.drifted][:SHOWN_COLUMNS],
        "metrics": metrics(found),
    }


def document(found: Findings) -> dict[str, Any]:
    """drift.json."""
    return {
        **short(found),
        "drifted_columns": [column.column for column in found.drifted],
        "model_sha256": found.baseline.model_sha256,
        "training_rows": found.baseline.rows,
        "limits": asdict(found.limits),
        "seen": asdict(found.seen),
        "prediction": found.prediction.document(),
        "columns": [column.document() for column in found.columns],
        "quality": found.quality.document(),
    }
