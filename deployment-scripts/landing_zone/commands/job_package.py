"""Build a job package and upload it, which starts a run with its data.

    USE_CASE=iris python deployment-scripts/job_package.py my.csv
    python deployment-scripts/job_package.py folder --set InstanceType=ml.m5.2xlarge \\
        --set 'TrainingHyperParameters={"max_leaf_nodes": 31}'
    python deployment-scripts/job_package.py my.csv --output job.zip      only build it

The package is a zip with data/*.csv and job.json. It is uploaded to jobs/{USE_CASE}/ of the source bucket, as
any other program may do; a CSV file that is uploaded there starts a run too. The run waits for a person who
approves the data. Without a file it is the sample of the use case.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from landing_zone.commands.common import follow_to_success, open_pipeline
from landing_zone.core.settings import Settings
from landing_zone.runs.inputs import csv_files
from landing_zone.sources.checkout import read_use_case, use_case_to_run
from landing_zone.sources.job import job_values, job_zip, upload, upload_key, wait_for_answer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", type=Path, help="a CSV file, or a folder of CSV files")
    parser.add_argument(
        "--set",
        action="append",
        default=[],
        metavar="KEY=VALUE",
        help="a value of the manifest for this run",
    )
    parser.add_argument("--output", type=Path, help="write the zip here and upload nothing")
    parser.add_argument("--follow", action="store_true", help="show the run until it ends")


def run(args: argparse.Namespace, settings: Settings) -> int:
    use_case = use_case_to_run(settings)
    files = csv_files(args.data or read_use_case(use_case).training_sample)
    body = job_zip(files, job_values(args.set))
    if args.output:
        args.output.write_bytes(body)
        print(f"wrote {args.output}, {len(body):,} bytes")
        return 0
    aws, pipeline = open_pipeline(settings)
    s3, bucket = aws.client("s3"), pipeline.deployment.source_bucket
    key = upload_key(use_case, body, ".zip")
    version = upload(s3, bucket, key, body)
    print(f"uploaded s3://{bucket}/{key}, {len(body):,} bytes", flush=True)
    local = settings.is_local
    run_id = wait_for_answer(
        s3, bucket, key, version, seconds=30 if local else 120, pause=0.2 if local else 3
    )
    print(f"run {run_id} started with {', '.join(path.name for path in files)}")
    if args.follow:
        follow_to_success(aws, pipeline, run_id, settings)
    else:
        print(f"python deployment-scripts/status.py --run {run_id}")
    return 0
