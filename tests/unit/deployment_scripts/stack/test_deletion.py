from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.stack.deletion import delete_bucket, empty_bucket, empty_repository
from tests.unit.deployment_scripts.fakes import FakeS3, client_error

ACCOUNT = "123456789012"


def test_a_bucket_is_emptied_and_deleted() -> None:
    s3 = FakeS3("b", "other")
    s3.put_object(Bucket="b", Key="k", Body=b"1")

    assert empty_bucket(s3, "b", ACCOUNT) == 1
    assert delete_bucket(s3, "b", ACCOUNT)
    assert list(s3.buckets) == ["other"]


def test_a_missing_bucket_is_no_error() -> None:
    assert empty_bucket(FakeS3(), "b", ACCOUNT) == 0
    assert not delete_bucket(FakeS3(), "b", ACCOUNT)


def test_a_bucket_of_another_account_is_left_alone() -> None:
    s3 = FakeS3("b", owner="999999999999")
    s3.put_object(Bucket="b", Key="k", Body=b"1")

    with pytest.raises(Exception, match="403"):
        delete_bucket(s3, "b", ACCOUNT)

    assert s3.buckets["b"]


def test_objects_that_s3_refuses_to_delete_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    s3 = FakeS3("b")
    s3.put_object(Bucket="b", Key="k", Body=b"1")
    refused = {"Errors": [{"Key": "k", "Message": "Access Denied"}]}
    monkeypatch.setattr(s3, "delete_objects", lambda **_: refused)

    with pytest.raises(
        OperatorError, match=r"1 objects of b could not be deleted.*k: Access Denied"
    ):
        empty_bucket(s3, "b", ACCOUNT)


def test_a_missing_repository_is_no_error() -> None:
    class Ecr:
        def get_paginator(self, _: str) -> Any:
            class Gone:
                def paginate(self, **_: Any) -> Iterator[Any]:
                    raise client_error("RepositoryNotFoundException")
                    yield

            return Gone()

    assert empty_repository(Ecr(), "repository") == 0
