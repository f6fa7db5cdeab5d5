"""Show how far the traffic of an endpoint is from the training of its model.

    python deployment-scripts/drift.py                     shows the latest verdicts
    python deployment-scripts/drift.py --now               compares the last hours, and shows the columns
    python deployment-scripts/drift.py --labels labels.csv uploads labels of earlier predictions

Labels are CSV (inference_id,label or inference_id,row,label) or JSON lines with the same keys. The inference
id is the InferenceId of the request. --now exits with 2 when there is drift.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, TARGETS, Names, endpoint_name
from landing_zone.core.settings import Settings
from landing_zone.monitoring import view
from landing_zone.monitoring.labels import upload_labels
from landing_zone.monitoring.machine import compare_and_show
from landing_zone.monitoring.reports import Reports
from landing_zone.runs.follow import interval
from landing_zone.sources.checkout import use_case_to_run

SHOWN = 10
DRIFTED = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--use-case", default="", help="default: USE_CASE, else the manifest's")
    parser.add_argument("--target", choices=TARGETS, default=PROD, help="which endpoint (prod)")
    what = parser.add_mutually_exclusive_group()
    what.add_argument("--now", action="store_true", help="compare now, and wait for the verdict")
    what.add_argument("--labels", type=Path, metavar="FILE", help="upload labels (.csv, .jsonl)")
    parser.add_argument("--hours", type=int, default=0, help="of --now: hours to compare")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    bucket = load_deployment(aws, settings).workflow_bucket
    use_case = args.use_case or use_case_to_run(settings)
    s3 = aws.client("s3")
    if args.labels:
        place, count = upload_labels(s3, bucket, use_case, args.labels)
        print(f"uploaded {count} labels to {place}")
        return 0
    endpoint = endpoint_name(settings.prefix, use_case, args.target)
    reports = Reports(s3, bucket, endpoint)
    if args.now:
        return _compare(args, settings, aws, use_case, reports)
    found = reports.latest(SHOWN)
    if not found:
        raise OperatorError(f"{endpoint} was never compared with its training: drift.py --now")
    for line in (*view.history(found[1:][::-1]), *view.table(found[0])):
        print(line)
    for record in reports.retrainings(3):
        print(view.retraining(record))
    return 0


def _compare(
    args: argparse.Namespace, settings: Settings, aws: Aws, use_case: str, reports: Reports
) -> int:
    request = {"UseCase": use_case, "Target": args.target}
    if args.hours:
        request["WindowHours"] = args.hours
    output = compare_and_show(
        aws.client("stepfunctions"),
        Names(settings, aws.account).drift_machine_arn,
        request,
        reports,
        seconds=interval(settings.is_local),
    )
    return DRIFTED if output["Verdict"] == "drift" else 0
