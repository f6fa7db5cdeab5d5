"""The lock of deployments of candidates."""

from typing import Any

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.runs.deployment_lock import LOCK_KEY, deployment_lock
from tests.unit.deployment_scripts.fakes import FakeS3, client_error


class ConditionalS3(FakeS3):
    """Refuses to write an object that exists, as S3 does with If-None-Match."""

    def put_object(self, *, Bucket: str, Key: str, Body: bytes, **more: Any) -> None:  # noqa: N803
        if more.get("IfNoneMatch") == "*" and Key in self.buckets[Bucket]:
            raise client_error("PreconditionFailed", "PutObject")
        super().put_object(Bucket=Bucket, Key=Key, Body=Body)


def test_the_second_is_refused_with_the_holder():
    s3 = ConditionalS3("b")
    with (
        deployment_lock(s3, "b", "pull request 1"),
        pytest.raises(OperatorError, match="is held by pull request 1"),
        deployment_lock(s3, "b", "pull request 2"),
    ):
        raise AssertionError("two hold the lock")
    assert LOCK_KEY not in s3.buckets["b"]


def test_an_error_releases_it():
    s3 = ConditionalS3("b")
    with pytest.raises(ZeroDivisionError), deployment_lock(s3, "b", "x"):
        raise ZeroDivisionError
    with deployment_lock(s3, "b", "y"):
        assert LOCK_KEY in s3.buckets["b"]


def test_another_error_of_s3_is_not_taken_for_a_held_lock():
    class Denied(ConditionalS3):
        def put_object(self, **_: Any) -> None:
            raise client_error("AccessDenied", "PutObject")

    with pytest.raises(Exception, match="AccessDenied"), deployment_lock(Denied("b"), "b", "x"):
        raise AssertionError("the lock was taken without a lock")
