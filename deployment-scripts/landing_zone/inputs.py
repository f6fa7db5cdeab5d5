"""CSV files to the places where a run looks for them."""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.deployment import load_deployment
from landing_zone.errors import OperatorError
from landing_zone.evidence import split_uri
from landing_zone.pipeline import Pipeline
from landing_zone.settings import Settings
from landing_zone.sources import read_use_case


def csv_files(path: Path) -> list[Path]:
    """The file, or every CSV file in the folder."""
    if not path.exists():
        raise OperatorError(f"{path} does not exist; name a CSV file or a folder of CSV files")
    files = sorted(path.glob("*.csv")) if path.is_dir() else [path]
    if not files:
        raise OperatorError(f"{path} holds no .csv file")
    return files


def upload_inputs(s3: Any, location: str, files: Sequence[Path]) -> list[str]:
    """Make the place hold exactly these files: one that was refused before must not be read again."""
    bucket, prefix = split_uri(location.rstrip("/") + "/")
    wanted = {f"{prefix}{path.name}": path for path in files}
    if len(wanted) < len(files):
        raise OperatorError(f"two files have the same name among {', '.join(map(str, files))}")
    for key, path in wanted.items():
        s3.upload_file(str(path), bucket, key)
    stale = [key for key, size in _objects(s3, bucket, prefix) if key not in wanted and size]
    for key in stale:
        s3.delete_object(Bucket=bucket, Key=key)  # the bucket is versioned: this can be undone
    return [f"s3://{bucket}/{key}" for key in wanted]


def list_inputs(s3: Any, location: str) -> str:
    """What lies there, for a person."""
    bucket, prefix = split_uri(location.rstrip("/") + "/")
    found = [(key, size) for key, size in _objects(s3, bucket, prefix) if size]
    if not found:
        return f"data      nothing in s3://{bucket}/{prefix} yet: upload a CSV file first"
    return "\n".join(f"data      s3://{bucket}/{key}  {size:,} bytes" for key, size in found)


def _objects(s3: Any, bucket: str, prefix: str) -> list[tuple[str, int]]:
    """Key and size of what lies directly in a folder; folder markers have no bytes."""
    pages = s3.get_paginator("list_objects_v2").paginate(
        Bucket=bucket, Prefix=prefix, Delimiter="/"
    )
    return [(item["Key"], item["Size"]) for page in pages for item in page.get("Contents", [])]


def main() -> int:
    """Upload CSV files to a run: the data to train on, or with --inference the rows to predict.

    python deployment-scripts/upload_data.py data.csv
    python deployment-scripts/upload_data.py --inference rows.csv

    Without a file: the sample of the run's use case. Replaces what lies there.
    """
    arguments = cli.parser(main.__doc__)
    arguments.add_argument("files", nargs="*", type=Path, help="CSV files, or folders of them")
    arguments.add_argument("--run", default="", help="id of the run; default: the latest")
    arguments.add_argument("--inference", action="store_true", help="rows to predict (batch)")

    def command(args: argparse.Namespace, settings: Settings) -> int:
        aws = Aws(settings)
        pipeline = Pipeline(aws, load_deployment(aws, settings))
        run = pipeline.read(args.run or pipeline.latest())
        manifest = pipeline.manifest(run)
        use_case = read_use_case(manifest["UseCase"])
        sample = use_case.inference_sample if args.inference else use_case.training_sample
        files = [file for path in args.files or [sample] for file in csv_files(path)]
        key = "InferenceInputLocation" if args.inference else "ProcessingInputLocation"
        for place in upload_inputs(aws.client("s3"), manifest[key], files):
            print(f"uploaded {place}")
        return 0

    return cli.run_command(command, arguments)
