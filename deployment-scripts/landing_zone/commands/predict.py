"""Predict rows with the inference API of the environment.

    USE_CASE=iris python deployment-scripts/predict.py 5.1,3.5,1.4,0.2 6.7,3.0,5.2,2.3
    USE_CASE=iris python deployment-scripts/predict.py --data sample-files/iris_pred.csv
    USE_CASE=iris python deployment-scripts/predict.py --target dev 5.1,3.5,1.4,0.2

A row is a line of CSV with the features in the order of the use case. The request is signed with the AWS
credentials in use; where the API demands a token of an issuer, --token-file names the file that holds it.
Each prediction is printed with its row, the version of the model, the variant that has answered and the id
of the inference. The exit code is 1 when the API refuses a row.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from landing_zone.api.predictions import TARGETS, Prediction, predict, predict_url
from landing_zone.api.session import ApiSession, checked_url, read_token
from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import Settings
from landing_zone.load.rows import read_rows
from landing_zone.sources.checkout import use_case_to_run


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("rows", nargs="*", help="lines of CSV, such as 5.1,3.5,1.4,0.2")
    parser.add_argument("--data", type=Path, help="CSV file without a header, instead of rows")
    parser.add_argument("--target", choices=TARGETS, default="prod", help="default: prod")
    parser.add_argument(
        "--token-file", type=Path, help="file with a token, for an API with authorization JWT"
    )
    parser.add_argument("--json", action="store_true", help="print one JSON object for each row")


def run(args: argparse.Namespace, settings: Settings) -> int:
    rows = _rows(args)
    aws = Aws(settings)
    url = checked_url(predict_url(aws, settings, use_case_to_run(settings), args.target))
    token = read_token(args.token_file) if args.token_file else ""
    with ApiSession(aws.credentials, settings.region, token=token) as session:
        for prediction in predict(session, url, rows):
            print(json.dumps(vars(prediction)) if args.json else _line(prediction))
    return 0


def _line(prediction: Prediction) -> str:
    return (
        f"predicted {prediction.value:<22} from {prediction.row}  (model version "
        f"{prediction.version}, variant {prediction.variant}, {prediction.inference_id})"
    )


def _rows(args: argparse.Namespace) -> list[str]:
    if bool(args.rows) == bool(args.data):
        raise OperatorError("give rows or --data FILE, and not both; --help shows examples")
    if args.data:
        return [row.decode().rstrip("\n") for row in read_rows(args.data)]
    return list(args.rows)
