"""Compare what an endpoint received and answered with what its model was trained on.

    python workflow/drift.py --capture capture/ --baseline evaluation/ --config use_case.json \\
        --labels labels/ --output drift/

Reads the captured requests one at a time (SageMaker's data capture). Writes drift.json, verdict.json (its
short form, for the state machine), report.html, and labelled.csv: the rows whose label is known, as training
data. The verdict is "drift", "no drift" or "too few rows"; none of them makes the job fail.
"""

from __future__ import annotations

import argparse
import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from ml import job
from ml.code_version import check_code_version
from ml.config.use_case import UseCase, load_use_case
from ml.monitoring.baseline import Baseline, load_baseline
from ml.monitoring.capture import Seen, Window, batches, check_folder, read_time
from ml.monitoring.comparison import Limits, compare
from ml.monitoring.counts import Traffic
from ml.monitoring.drift_report import render
from ml.monitoring.labelled import LabelledRows
from ml.monitoring.labels import Labels
from ml.monitoring.quality import Pairs, QualityLimits, measure_quality
from ml.monitoring.verdict import Findings, document, reason, short, summary


def parse_arguments(arguments: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0], allow_abbrev=False)
    base = Path("/opt/ml/processing")
    folder, limits, quality = Path, Limits(), QualityLimits()
    for name, default, text in (
        ("capture", "input/capture", "folder of captured requests (.jsonl)"),
        ("baseline", "input/baseline", "folder of baseline.json"),
        ("labels", "input/labels", "folder of labels (.csv, .jsonl); may be missing"),
        ("config", "input/config", "use_case.json or its folder"),
        ("output", "output/drift", "folder to write to"),
    ):
        parser.add_argument(f"--{name}", type=folder, default=base / default, help=text)
    parser.add_argument("--endpoint", default="", help="name of the endpoint, for the metrics")
    parser.add_argument("--since", type=_time, help="compare requests from this time on (ISO 8601)")
    parser.add_argument("--until", type=_time, help="compare requests before this time")
    parser.add_argument(
        "--minimum-rows",
        type=int,
        default=limits.minimum_rows,
        help="fewer rows are not compared: the verdict is then 'too few rows'",
    )
    parser.add_argument(
        "--false-discovery-rate",
        type=float,
        default=limits.false_discovery_rate,
        help="the share of the differences found that may be chance",
    )
    parser.add_argument(
        "--minimum-psi",
        type=float,
        default=limits.psi,
        help="a smaller PSI above chance is no drift, however certain it is",
    )
    parser.add_argument(
        "--minimum-labels",
        type=int,
        default=quality.minimum_labels,
        help="with fewer labels the quality is not judged",
    )
    job.add_message_option(parser)
    return parser.parse_args(arguments)


def _time(text: str) -> datetime | None:
    return read_time(text) if text else None


def main(args: argparse.Namespace) -> None:
    check_code_version(__file__)
    use_case = load_use_case(args.config)
    baseline = load_baseline(args.baseline, use_case)
    check_folder(args.capture)
    limits = Limits(args.minimum_rows, args.false_discovery_rate, args.minimum_psi)
    labels = Labels(use_case)
    labels.read(args.labels)
    print(f"use case {use_case.name}: baseline of {baseline.rows} training rows")
    print(f"labels: {labels.count} known, {labels.refused} that {use_case.target} cannot hold")

    args.output.mkdir(parents=True, exist_ok=True)
    quality_limits = QualityLimits(args.minimum_labels)
    found = compare_traffic(args, use_case, baseline, labels, limits, quality_limits)
    for name, content in (("drift.json", document(found)), ("verdict.json", short(found))):
        text = json.dumps(content, indent=2, allow_nan=False) + "\n"
        (args.output / name).write_text(text, encoding="utf-8")
    (args.output / "report.html").write_text(render(found), encoding="utf-8")
    print_findings(found)


def compare_traffic(
    args: argparse.Namespace,
    use_case: UseCase,
    baseline: Baseline,
    labels: Labels,
    limits: Limits,
    quality_limits: QualityLimits,
) -> Findings:
    traffic, seen, pairs = Traffic(baseline, use_case.features), Seen(), Pairs(use_case)
    with LabelledRows(args.output, use_case) as labelled:
        for batch in batches(args.capture, use_case, Window(args.since, args.until), seen):
            traffic.add(batch.rows, batch.predictions, batch.as_text)
            known = labels.of(batch.ids)
            pairs.add(known, batch.predictions)
            labelled.add(batch, known)
    columns, prediction = compare(traffic, limits)
    columns.sort(key=lambda column: (column.drifted, column.psi or 0.0), reverse=True)
    return Findings(
        use_case.name,
        args.endpoint or use_case.name,
        baseline,
        limits,
        seen,
        columns,
        prediction,
        measure_quality(pairs, baseline.quality, quality_limits),
        labelled.rows,
    )


def print_findings(found: Findings) -> None:
    seen = found.seen
    print(
        f"read {seen.files} files: {seen.requests} requests with {seen.rows} rows "
        f"from {seen.first or 'never'} to {seen.last or 'never'}"
    )
    problems: dict[str, Any] = {
        "requests that cannot be read": seen.unreadable_requests,
        "rows with other columns": seen.malformed_rows,
        "lines that are no capture": seen.other_lines,
        "requests outside the window": seen.outside_window,
    }
    for what, count in problems.items():
        if count:
            print(f"note: {count} {what}")
    for column in (*found.columns, found.prediction):
        psi = "none" if column.psi is None else f"{column.psi:.3f}"
        mark = f"drifted: {reason(column)}" if column.drifted and found.enough else ""
        print(f"  {column.column:<28} PSI {psi:>7}  {mark}")
    print(summary(found))


if __name__ == "__main__":
    arguments = parse_arguments()
    sys.exit(job.run(lambda: main(arguments), reason_file=arguments.message, exit_code=1))
