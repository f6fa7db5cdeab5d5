"""Versions, their lineage and the timeline, as text and as JSON."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any

from landing_zone.models.registry import Version
from landing_zone.models.timeline import BY_CONFIGURATION, Attempt, Period


def moment(value: datetime | None) -> str:
    return f"{value.astimezone():%Y-%m-%d %H:%M:%S}" if value else ""


def rows(heads: Sequence[str], lines: Iterable[Sequence[str]]) -> list[str]:
    """Aligned columns; the last one is as long as it likes."""
    cells = [list(heads), *map(list, lines)]
    widths = [max(len(line[column]) for line in cells) for column in range(len(heads))]
    return [
        "  ".join(text.ljust(width) for text, width in zip(line, widths, strict=True)).rstrip()
        for line in cells
    ]


def versions_text(use_case: str, versions: Sequence[Version], live: Mapping[str, str]) -> str:
    """One line for each version; `live` maps a target to the ARN of what it serves."""
    lines = []
    for version in versions:
        who, why = version.decision
        serves = "+".join(target for target, arn in live.items() if arn == version.arn)
        decision = f"{who}: {why}" if who else why
        lines.append(
            (str(version.number), version.status, serves or "-", version.metric or "-",
             version.properties.get("CodeVersion", "-"), version.properties.get("GitCommit", "-")[:12],
             moment(version.created), " ".join(decision.split()))
        )  # fmt: skip
    heads = ("version", "status", "live", "metric", "code", "commit", "registered", "decision")
    return "\n".join([use_case, *(f"  {line}" for line in rows(heads, lines))])


def version_text(version: Version, facts: Mapping[str, str], serves: Sequence[str]) -> str:
    """Everything about one version."""
    who, why = version.decision
    shown = {
        "version": version.arn,
        "status": version.status,
        "live on": ", ".join(serves) or "no endpoint",
        "metric": version.metric or "not recorded",
        "registered": moment(version.created),
        "decided": moment(version.decided) if version.description else "",
        "by": who,
        "because": why,
        **facts,
    }
    width = max(map(len, shown))
    return "\n".join(f"{name:<{width}}  {value}" for name, value in shown.items() if value)


def version_json(
    version: Version, facts: Mapping[str, str], live: Mapping[str, str]
) -> dict[str, Any]:
    who, why = version.decision
    return {
        "version": version.number,
        "arn": version.arn,
        "status": version.status,
        "live": [target for target, arn in live.items() if arn == version.arn],
        "metric": version.properties.get("Metric", ""),
        "value": version.properties.get("MetricValue", ""),
        "threshold": version.properties.get("MetricThreshold", ""),
        "registered": version.created.isoformat(),
        "decided": version.decided.isoformat() if version.decided and version.description else None,
        "decided_by": who,
        "reason": why,
        "lineage": dict(facts),
    }


def timeline_text(periods: Sequence[Period], attempts: Sequence[Attempt], gone: set[str]) -> str:
    """What was live when; `gone` are the targets (`use_case target`) without an endpoint."""
    if not periods and not attempts:
        return "nothing was deployed yet"
    lines = []
    for period in periods:
        end = moment(period.end) or (
            "unknown: the endpoint is gone"
            if f"{period.use_case} {period.target}" in gone
            else "now"
        )
        # Not verified by an execution: only the creation of the configuration is known.
        since = ("~" if period.source == BY_CONFIGURATION else "") + moment(period.start)
        lines.append((period.use_case, period.target, period.number, since, end, period.reason))
    heads = ("use case", "target", "version", "from", "until", "reason")
    text = rows(heads, lines) if lines else []
    if any(period.source == BY_CONFIGURATION for period in periods):
        text.append("~ no execution is known: the time at which the configuration was created")
    if attempts:
        text.append("deployments that changed nothing:")
        text += [
            f"  {moment(item.at)}  {item.use_case} {item.target}: {' '.join(item.reason.split())}"
            for item in attempts
        ]
    return "\n".join(text)
