"""Requests to an endpoint that captures them, and their labels: what the story of drift sends."""

from __future__ import annotations

import csv
import json
import random
import uuid
from dataclasses import dataclass
from pathlib import Path

from landing_zone.core.aws import Clients
from landing_zone.core.s3 import list_objects

ROWS_OF_A_REQUEST = 20

Row = dict[str, str]


@dataclass(frozen=True)
class Shift:
    """What changes in the traffic of a use case."""

    column: str
    factor: float
    meaning: str

    def applied(self, row: Row) -> Row:
        """The row with the changed value; its label stays."""
        return {**row, self.column: f"{float(row[self.column]) * self.factor:.4g}"}


# The rows can still be told apart afterwards, so a new model can learn them.
SHIFTS = {"iris": Shift("petal_length", 2.5, "Flowers of another region")}


@dataclass(frozen=True)
class Sent:
    """Rows by the inference id of their request."""

    requests: dict[str, list[Row]]
    target: str


class Caller:
    """Sends rows of a sample to an endpoint, and finds them in its capture.

    Args:
        aws: makes the clients.
        endpoint: its name.
        bucket: where it captures.
        sample: a CSV file with the target.
        target: the column that is predicted.
    """

    def __init__(self, aws: Clients, endpoint: str, bucket: str, sample: Path, target: str) -> None:
        self._runtime = aws.client("sagemaker-runtime")
        self._s3 = aws.client("s3")
        self._endpoint = endpoint
        self._bucket = bucket
        self._target = target
        self.folder = f"capture/{endpoint}/"
        with sample.open(encoding="utf-8", newline="") as file:
            self._rows: list[Row] = list(csv.DictReader(file))

    def draw(self, source: random.Random, count: int) -> list[Row]:
        """Rows of the sample; of a small one some occur several times."""
        return source.choices(self._rows, k=count)

    def send(self, rows: list[Row]) -> Sent:
        """Send rows in requests with an inference id."""
        requests = {}
        for start in range(0, len(rows), ROWS_OF_A_REQUEST):
            name = f"story-{uuid.uuid4()}"
            requests[name] = rows[start : start + ROWS_OF_A_REQUEST]
            self._predict(requests[name], InferenceId=name)
        return Sent(requests, self._target)

    def right(self, rows: list[Row]) -> float:
        """The share of rows that the endpoint predicts rightly now."""
        answers = self._predict(rows)
        return sum(a == row[self._target] for a, row in zip(answers, rows, strict=True)) / len(rows)

    def stored(self, sent: Sent, seen: set[str]) -> bool:
        """Whether the capture holds every one of these requests; ``seen`` keeps what has been found."""
        for key, _ in list_objects(self._s3, self._bucket, self.folder):
            if key not in seen:
                seen.add(key)
                body = self._s3.get_object(Bucket=self._bucket, Key=key)["Body"].read()
                for line in body.decode().splitlines():
                    seen.add(json.loads(line)["eventMetadata"].get("inferenceId", ""))
        return sent.requests.keys() <= seen

    def _predict(self, rows: list[Row], **options: str) -> list[str]:
        lines = [
            ",".join(value for name, value in row.items() if name != self._target) for row in rows
        ]
        answer = self._runtime.invoke_endpoint(
            EndpointName=self._endpoint,
            ContentType="text/csv",
            Accept="text/csv",
            Body="\n".join(lines).encode(),
            **options,
        )
        text: str = answer["Body"].read().decode()
        return text.splitlines()


def write_labels(path: Path, sent: Sent, count: int) -> None:
    """A file with the labels of the first rows."""
    labels = [
        (name, place, row[sent.target])
        for name, rows in sent.requests.items()
        for place, row in enumerate(rows)
    ]
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file)
        writer.writerow(("inference_id", "row", "label"))
        writer.writerows(labels[:count])
