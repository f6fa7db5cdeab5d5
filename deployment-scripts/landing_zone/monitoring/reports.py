"""The reports of the drift job in S3, and the records of what they started."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.s3 import list_objects, read_json

_VERDICT = "/drift.json"


@dataclass(frozen=True)
class Report:
    """drift.json, and where it is."""

    folder: str  # s3://..., with a slash at the end
    moment: str
    document: dict[str, Any]


class Reports:
    def __init__(self, s3: Any, bucket: str, endpoint: str) -> None:
        self._s3, self._bucket, self._endpoint = s3, bucket, endpoint

    def keys(self) -> list[str]:
        """The keys of all reports, oldest first."""
        prefix = f"monitoring/{self._endpoint}/"
        found = (key for key, _ in list_objects(self._s3, self._bucket, prefix))
        return sorted(key for key in found if key.endswith(_VERDICT))

    def latest(self, count: int) -> list[Report]:
        """The latest reports, newest first."""
        return [report for key in self.keys()[-count:][::-1] if (report := self._read(key))]

    def of_folder(self, uri: str) -> Report:
        """The report in a folder.

        Raises:
            OperatorError: there is none.
        """
        key = uri.removeprefix(f"s3://{self._bucket}/").rstrip("/") + _VERDICT
        report = self._read(key)
        if report is None:
            raise OperatorError(f"there is no report in {uri}: see the log of the drift job")
        return report

    def retrainings(self, count: int) -> list[dict[str, Any]]:
        """The latest decisions about a retraining, newest first."""
        prefix = f"retraining/{self._endpoint}/"
        keys = [key for key, _ in list_objects(self._s3, self._bucket, prefix)]
        keys.sort(key=lambda key: key.rpartition("/")[2])
        found = (read_json(self._s3, self._bucket, key) for key in keys[-count:][::-1])
        return [record for record in found if record]

    def _read(self, key: str) -> Report | None:
        document = read_json(self._s3, self._bucket, key)
        folder = key.removesuffix("drift.json")
        moment = folder.rstrip("/").rpartition("/")[2][: len("yyyy-mm-dd-hh-mm-ss")]
        return Report(f"s3://{self._bucket}/{folder}", moment, document) if document else None
