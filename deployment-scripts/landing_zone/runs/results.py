"""The results of a finished run: predictions of its endpoint, or the head of its batch output."""

from __future__ import annotations

import csv
import io
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.api.predictions import Session, predict
from landing_zone.core.aws import Clients, error_code
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import BATCH, Key
from landing_zone.core.s3 import list_objects, split_folder, split_uri
from landing_zone.runs.bad_rows import skipped_rows, skips_bad_rows

ROWS = 3
# More than the first rows of any file.
_HEAD_BYTES = 64 * 1024


def show_results(
    aws: Clients, manifest: Mapping[str, Any], features: Sequence[str], target: str
) -> str:
    """A few predictions, by the manifest that the run returned and the columns of its use case."""
    if manifest[Key.ENDPOINT_TYPE] == BATCH:
        return batch_head(aws.client("s3"), manifest)
    return endpoint_predictions(
        aws.client("sagemaker-runtime"),
        str(manifest[Key.ENDPOINT_NAME]),
        held_out_rows(aws.client("s3"), manifest),
        features,
        target,
    )


def held_out_rows(s3: Any, manifest: Mapping[str, Any], count: int = ROWS) -> list[dict[str, str]]:
    """Rows that the model has not been trained on, with their true values."""
    location = str(manifest[Key.TEST_ROWS]).rstrip("/")
    # A large test set is no CSV file; then sample.csv holds its first rows.
    for name in ("test.csv", "sample.csv"):
        try:
            text = _head(s3, f"{location}/{name}")
        except ClientError as error:
            if error_code(error) not in {"404", "NoSuchKey"}:
                raise
            continue
        rows = list(csv.DictReader(io.StringIO(text)))
        if rows:
            # From all over the file: the first rows of one that is sorted by label have one label only.
            return rows[:: max(1, len(rows) // count)][:count]
        raise OperatorError(f"{location}/{name} holds no row")
    raise OperatorError(
        f"{location}/ holds neither test.csv nor sample.csv: preprocess writes them"
    )


def endpoint_predictions(
    runtime: Any,
    endpoint: str,
    rows: list[dict[str, str]],
    features: Sequence[str],
    target: str,
) -> str:
    """Send rows to the endpoint, features in their order in the use case, and show the answers."""
    body = "".join(f"{_line(row, features)}\n" for row in rows)
    answer = runtime.invoke_endpoint(
        EndpointName=endpoint, ContentType="text/csv", Accept="text/csv", Body=body
    )
    lines_of_answer = csv.reader(io.StringIO(answer["Body"].read().decode()))
    predictions = [cells[0] for cells in lines_of_answer if cells]
    if len(predictions) != len(rows):
        raise OperatorError(
            f"endpoint {endpoint} answered {len(predictions)} predictions to {len(rows)} rows"
        )
    lines = [f"endpoint {endpoint}, {len(rows)} held-out rows of {target}:"]
    for row, prediction in zip(rows, predictions, strict=True):
        sent = ",".join(row[name] for name in features)
        lines.append(f"  predicted {prediction:<22} actual {row[target]:<12} from {sent}")
    return "\n".join(lines)


def api_predictions(
    s3: Any, session: Session, url: str, manifest: Mapping[str, Any], features: Sequence[str]
) -> str:
    """The same rows through the inference API, with what has answered them."""
    rows = held_out_rows(s3, manifest)
    lines = [f"inference API, POST {url}:"]
    for found in predict(session, url, [_line(row, features) for row in rows]):
        by = f"model version {found.version}, variant {found.variant}"
        lines.append(f"  predicted {found.value:<22} by {by}")
    return "\n".join(lines)


def batch_head(s3: Any, manifest: Mapping[str, Any], count: int = ROWS) -> str:
    """The first lines of each output file, and the rows that were skipped."""
    bucket, prefix = split_folder(str(manifest[Key.INFERENCE_OUTPUT]))
    keys = [key for key, _ in list_objects(s3, bucket, prefix) if key.endswith(".out")]
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


def _line(row: Mapping[str, str], features: Sequence[str]) -> str:
    """The features of a row as a line of CSV."""
    text = io.StringIO()
    csv.writer(text, lineterminator="").writerow([row[name] for name in features])
    return text.getvalue()


def _head(s3: Any, uri: str) -> str:
    """The complete lines at the beginning of a file, which may have gigabytes."""
    bucket, key = split_uri(uri)
    body = s3.get_object(Bucket=bucket, Key=key, Range=f"bytes=0-{_HEAD_BYTES - 1}")["Body"].read()
    text = body.decode("utf-8", errors="replace")
    # The last line may be cut off in the middle.
    return text if len(body) < _HEAD_BYTES else text[: text.rfind("\n") + 1]
