"""What a finished run gives: predictions of its endpoint, or the head of its batch output."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.aws import error_code
from landing_zone.bad_rows import skipped_rows, skips_bad_rows
from landing_zone.errors import OperatorError
from landing_zone.evidence import split_uri
from landing_zone.pipeline import Clients
from landing_zone.sources import UseCase, read_use_case

ROWS = 3
_ENOUGH = 64 * 1024  # bytes: more than the first rows of any file


def show_results(aws: Clients, manifest: Mapping[str, Any]) -> str:
    """Predictions, for a person; by the manifest that the run returned."""
    if manifest["EndpointType"] == "Batch":
        return batch_head(aws.client("s3"), manifest)
    use_case = read_use_case(str(manifest["UseCase"]))
    rows = held_out_rows(aws.client("s3"), manifest)
    return endpoint_predictions(
        aws.client("sagemaker-runtime"), str(manifest["EndpointName"]), use_case, rows
    )


def held_out_rows(s3: Any, manifest: Mapping[str, Any], count: int = ROWS) -> list[dict[str, str]]:
    """Rows that the model has not been trained on, with their true values."""
    location = str(manifest["ProcessingTestLocation"]).rstrip("/")
    # A large test set is no CSV: then its first rows lie beside it.
    for name in ("test.csv", "sample.csv"):
        try:
            text = _head(s3, f"{location}/{name}")
        except ClientError as error:
            if error_code(error) not in {"404", "NoSuchKey"}:
                raise
            continue
        rows = list(csv.DictReader(io.StringIO(text)))
        if rows:
            # Not the first ones: a file that is sorted by its label would show one label only.
            return rows[:: max(1, len(rows) // count)][:count]
        raise OperatorError(f"{location}/{name} holds no row")
    raise OperatorError(
        f"{location}/ holds neither test.csv nor sample.csv: preprocess writes them"
    )


def endpoint_predictions(
    runtime: Any, endpoint: str, use_case: UseCase, rows: list[dict[str, str]]
) -> str:
    """Send rows to the endpoint, features in the order of the use case, and show what comes back."""
    body = io.StringIO()
    writer = csv.writer(body, lineterminator="\n")
    writer.writerows([row[name] for name in use_case.features] for row in rows)
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body.getvalue()
    )
    lines_of_answer = csv.reader(io.StringIO(answer["Body"].read().decode()))
    predictions = [cells[0] for cells in lines_of_answer if cells]
    if len(predictions) != len(rows):
        raise OperatorError(
            f"endpoint {endpoint} answered {len(predictions)} predictions to {len(rows)} rows"
        )
    lines = [f"endpoint {endpoint}, {len(rows)} held-out rows of {use_case.target}:"]
    for row, prediction in zip(rows, predictions, strict=True):
        features = ",".join(row[name] for name in use_case.features)
        lines.append(
            f"  predicted {prediction:<22} actual {row[use_case.target]:<12} from {features}"
        )
    return "\n".join(lines)


def batch_head(s3: Any, manifest: Mapping[str, Any], count: int = ROWS) -> str:
    """The first lines of each output file, and the rows that were skipped."""
    bucket, prefix = split_uri(str(manifest["InferenceOutputLocation"]).rstrip("/") + "/")
    pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
    keys = [
        item["Key"]
        for page in pages
        for item in page.get("Contents", [])
        if item["Key"].endswith(".out")
    ]
    if not keys:
        raise OperatorError(
            f"s3://{bucket}/{prefix} holds no .out file: did the transform job write it?"
        )
    may_skip = skips_bad_rows(s3, manifest)
    lines = []
    for key in keys:
        lines.append(f"batch output s3://{bucket}/{key}, first lines:")
        head = _head(s3, f"s3://{bucket}/{key}").splitlines()[:count]
        lines += [f"  {line or '(skipped)'}" for line in head]
        if may_skip:
            lines.append(f"  {skipped_rows(s3, bucket, key)}")
    return "\n".join(lines)


def _head(s3: Any, uri: str) -> str:
    """The beginning of a file: it may have gigabytes."""
    bucket, key = split_uri(uri)
    body = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_ENOUGH - 1}")["Body"].read()
    text = body.decode("utf-8", errors="replace")
    # The last line may be cut off in the middle.
    return text if len(body) < _ENOUGH else text[: text.rfind("\n") + 1]
