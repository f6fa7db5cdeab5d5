"""Reports as text: a line for each verdict, and a table of the columns with bars."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from landing_zone.monitoring.reports import Report

BAR = 24
# What asks start_retraining, by the value of Trigger.
ASKED = {"alarm": "alarm", "drift": "comparison"}
MARKS = {"drift": "✗", "no drift": "✓"}


def history(reports: list[Report]) -> Iterator[str]:
    for report in reports:
        document = report.document
        yield f"{report.moment}  {MARKS.get(document['verdict'], '?')} {document['summary']}"


def table(report: Report) -> Iterator[str]:
    """The verdict, each column with its PSI as a bar, the quality, and where the report is."""
    document = report.document
    yield f"{MARKS.get(document['verdict'], '?')} {document['summary']}"
    columns = [document["prediction"], *document["columns"]]
    known = [column for column in columns if column["psi"] is not None]
    if known:
        limit = document["limits"]["psi"]
        widest = max(len(column["column"]) for column in known)
        longest = max(2 * limit, *(column["psi"] for column in known))
        yield f"  {'column':<{widest}}  {'PSI':>6}  {'':<{BAR}}  empty  unknown"
        for column in known:
            yield _line(column, widest, longest, set(document["drifted_columns"]))
    yield from _quality(document["quality"])
    yield f"report: {report.folder}report.html"


def _line(column: dict[str, Any], widest: int, longest: float, drifted: set[str]) -> str:
    bar = "█" * round(BAR * min(1.0, column["psi"] / longest))
    mark = "  ✗ drifted" if column["column"] in drifted else ""
    return (
        f"  {column['column']:<{widest}}  {column['psi']:>6.3f}  {bar:<{BAR}}  "
        f"{column['missing_share']:>5.1%}  {column['unknown_share']:>7.1%}{mark}"
    )


def _quality(quality: dict[str, Any]) -> Iterator[str]:
    if quality["value"] is None:
        yield f"quality: {quality['status']} ({quality['rows']:,} labels)"
        return
    yield (
        f"quality: {quality['metric']} {quality['value']:.4g} "
        f"({quality['low']:.4g} to {quality['high']:.4g}) on {quality['rows']:,} labels, "
        f"{quality['training']:.4g} in the training: {quality['status']}"
    )


def retraining(record: dict[str, Any]) -> str:
    if record["Started"]:
        return f"{record['Time']}  retraining {record['RunId']} started: {record['Reason']}"
    return f"{record['Time']}  no retraining: {record['Reason']}"
