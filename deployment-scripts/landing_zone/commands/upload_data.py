"""Upload CSV files to a run: the data to train on, or with --inference the rows to predict.

    python deployment-scripts/upload_data.py data.csv
    python deployment-scripts/upload_data.py --inference rows.csv

Without a file, the sample of the run's use case is uploaded. The files replace those uploaded before.
"""

from __future__ import annotations

import argparse
from pathlib import Path

from landing_zone.commands.common import add_run_option, open_pipeline
from landing_zone.core.manifest import Key
from landing_zone.core.settings import Settings
from landing_zone.runs.inputs import csv_files, upload_inputs
from landing_zone.sources.checkout import read_use_case


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("files", nargs="*", type=Path, help="CSV files, or folders of them")
    add_run_option(parser)
    parser.add_argument("--inference", action="store_true", help="rows to predict (batch)")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws, pipeline = open_pipeline(settings)
    manifest = pipeline.manifest(pipeline.read(args.run or pipeline.latest()))
    use_case = read_use_case(manifest[Key.USE_CASE])
    sample = use_case.inference_sample if args.inference else use_case.training_sample
    files = [file for path in args.files or [sample] for file in csv_files(path)]
    folder = manifest[Key.INFERENCE_INPUT if args.inference else Key.TRAINING_INPUT]
    for uri in upload_inputs(aws.client("s3"), folder, files):
        print(f"uploaded {uri}")
    return 0
