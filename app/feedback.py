"""What people say of an answer, as labels for the drift job (docs/monitoring.md)."""

from __future__ import annotations

import csv
import io
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from app.answers import AppError
from landing_zone.core.aws import error_code


def _now() -> datetime:
    return datetime.now(UTC)


@dataclass(frozen=True)
class Labels:
    """Writes one file for each label: S3 cannot append to an object."""

    s3: Any
    bucket: str
    use_case: str
    now: Callable[[], datetime] = _now

    def store(self, inference_id: str, label: str) -> str:
        """Store what the answer should have been; return the place.

        The name begins with the time, as those of drift.py --labels do: the job reads the files in the order
        of their names, and a later label replaces an earlier one.
        """
        key = f"labels/{self.use_case}/{self.now():%Y-%m-%d-%H-%M-%S}-app-{uuid.uuid4().hex}.csv"
        text = io.StringIO()
        rows = csv.writer(text, lineterminator="\n")
        rows.writerows([("inference_id", "row", "label"), (inference_id, 0, label)])
        try:
            self.s3.put_object(
                Bucket=self.bucket, Key=key, Body=text.getvalue().encode(), ContentType="text/csv"
            )
        except ClientError as error:
            code = error_code(error)
            raise AppError(
                f"Your answer could not be stored: S3 says {code} to {self.bucket}/{key}."
            ) from error
        except BotoCoreError as error:
            raise AppError("Your answer could not be stored: S3 does not answer.") from error
        return f"s3://{self.bucket}/{key}"
