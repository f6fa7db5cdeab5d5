"""Labels of the app are those that the drift job reads."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
import yaml

from app.answers import AppError
from app.feedback import Labels
from landing_zone.core.settings import ROOT
from ml.config.use_case import parse_use_case
from ml.monitoring import labels as drift
from tests.unit.app.fakes import FakeS3

ID = "JKJaXmPLvHcESHA="


def stored(s3: FakeS3, *said: str) -> None:
    for minute, label in enumerate(said):
        moment = datetime(2026, 1, 2, 3, minute, tzinfo=UTC)
        Labels(s3, "workflow", "reviews", lambda moment=moment: moment).store(ID, label)


def test_a_label_lies_where_the_drift_job_looks_for_it() -> None:
    s3 = FakeS3()
    place = Labels(s3, "workflow", "reviews").store(ID, "1")

    [(bucket, key)] = s3.objects
    assert place == f"s3://{bucket}/{key}"
    assert (bucket, key.rpartition("/")[0]) == ("workflow", "labels/reviews")
    assert s3.objects[bucket, key] == f"inference_id,row,label\n{ID},0,1\n".encode()


def test_the_drift_job_reads_it_and_a_later_label_wins(tmp_path: Path) -> None:
    s3 = FakeS3()
    stored(s3, "1", "0")
    for number, key in s3.objects:
        (tmp_path / Path(key).name).write_bytes(s3.objects[number, key])
    document = yaml.safe_load((ROOT / "config/use_cases/reviews.yaml").read_text())

    labels = drift.Labels(parse_use_case(document))
    labels.read(tmp_path)

    assert (labels.count, labels.refused) == (1, 0)
    np.testing.assert_array_equal(labels.of([f"{ID}:0", "other:0"]), [0.0, np.nan])


def test_two_labels_of_a_second_do_not_replace_each_other() -> None:
    s3 = FakeS3()
    labels = Labels(s3, "workflow", "reviews", lambda: datetime(2026, 1, 2, tzinfo=UTC))
    labels.store("a", "1")
    labels.store("b", "0")

    assert len(s3.objects) == 2


def test_a_refusal_of_s3_is_said() -> None:
    with pytest.raises(AppError, match="S3 says AccessDenied to workflow/labels/reviews/"):
        Labels(FakeS3("AccessDenied"), "workflow", "reviews").store(ID, "1")
