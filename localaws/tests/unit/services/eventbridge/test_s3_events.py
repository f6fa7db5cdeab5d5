"""The events of S3."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any

import pytest

from localaws.services.eventbridge.s3_events import is_side_effect, s3_event

BUCKET = SimpleNamespace(name="b", arn="arn:aws:s3:::b", is_versioned=True)
KEY = SimpleNamespace(name="k", size=3, etag='"e"', version_id="v")


def detail(event_name: str, **bucket: Any) -> dict[str, Any]:
    event = s3_event("123456789012", event_name, SimpleNamespace(**vars(BUCKET) | bucket), KEY)
    assert event is not None
    return dict(event["detail"]) | {"type": event["detail-type"]}


def test_a_new_object() -> None:
    found = detail("s3:ObjectCreated:Put")
    sequencer = found["object"].pop("sequencer")
    assert found["object"] == {"key": "k", "size": 3, "etag": "e", "version-id": "v"}
    assert (found["type"], found["reason"]) == ("Object Created", "PutObject")
    assert detail("s3:ObjectCreated:Put")["object"]["sequencer"] > sequencer


def test_a_bucket_without_versions() -> None:
    assert "version-id" not in detail("s3:ObjectCreated:Put", is_versioned=False)["object"]


def test_a_deleted_object() -> None:
    found = detail("s3:ObjectRemoved:Delete")
    assert set(found["object"]) == {"key", "version-id", "sequencer"}
    assert found["deletion-type"] == "Permanently Deleted"


def test_what_s3_does_not_tell() -> None:
    assert s3_event("1", "s3:ReducedRedundancyLostObject", BUCKET, KEY) is None
    assert s3_event("1", "s3:ObjectRemoved:Delete", BUCKET, None) is None


@pytest.mark.parametrize(
    ("event_name", "query", "expected"),
    [
        ("s3:ObjectTagging:Put", [], True),
        ("s3:ObjectTagging:Put", ["tagging"], False),
        ("s3:ObjectAcl:Put", [], True),
        ("s3:ObjectAcl:Put", ["acl"], False),
        ("s3:ObjectCreated:Put", ["uploadId"], True),
        ("s3:ObjectCreated:Put", [], False),
        ("s3:ObjectCreated:CompleteMultipartUpload", ["uploadId"], False),
    ],
)
def test_is_side_effect(event_name: str, query: list[str], expected: bool) -> None:
    assert is_side_effect(event_name, query) is expected
