"""Versions of the registry: read, chosen, decided, and where they come from."""

from __future__ import annotations

import json

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.models.lineage import UNKNOWN, lineage
from landing_zone.models.registry import APPROVED, PENDING, REJECTED, Registry, desired
from tests.unit.deployment_scripts.fakes import FakeAws, FakeS3
from tests.unit.deployment_scripts.models.fakes import FakeSageMaker, arn

ANN = "arn:aws:sts::1:assumed-role/Admin/ann"


@pytest.fixture
def sagemaker() -> FakeSageMaker:
    made = FakeSageMaker()
    made.add(1, APPROVED, ApprovalDescription="Approved by arn:aws:iam::1:user/ann: better")
    made.add(2, REJECTED, ApprovalDescription="Rejected by arn:aws:iam::1:role/x: wrong labels")
    made.add(10, PENDING)
    made.add(1, APPROVED, "other-development-iris")
    return made


@pytest.fixture
def registry(sagemaker: FakeSageMaker) -> Registry:
    return Registry(FakeAws(sagemaker=sagemaker), "zone-development")


def test_versions_are_those_of_the_deployment_newest_first(registry: Registry) -> None:
    assert registry.use_cases() == ["iris"]
    assert [version.number for version in registry.versions("iris")] == [10, 2, 1]
    assert registry.versions("iris")[2].metric == "accuracy 0.9112 (threshold 0.9)"


def test_desired_is_the_newest_approved(registry: Registry) -> None:
    found = desired(registry.versions("iris"))
    assert found is not None
    assert found.number == 1
    assert desired([]) is None


@pytest.mark.parametrize(
    ("description", "decision"),
    [
        (f"Approved by {ANN}: it is: better", (ANN, "it is: better")),
        ("Approved in pipeline execution 1: r2 0.8.", ("in pipeline execution 1", "r2 0.8.")),
        ("looked good", ("", "looked good")),
        ("", ("", "")),
    ],
)
def test_who_decided_and_why(
    sagemaker: FakeSageMaker, registry: Registry, description: str, decision: tuple[str, str]
) -> None:
    sagemaker.add(3, APPROVED, ApprovalDescription=description)
    assert registry.find("iris", 3).decision == decision


def test_a_decision_is_stored_with_its_author(registry: Registry) -> None:
    version = registry.find("iris", 10)
    registry.decide(version, APPROVED, "arn:aws:iam::1:user/ann", "better")
    found = registry.find("iris", 10)
    assert (found.status, found.decision) == (APPROVED, ("arn:aws:iam::1:user/ann", "better"))
    registry.decide(version, REJECTED, "arn:aws:iam::1:user/ann", "x" * 2000)
    assert len(registry.find("iris", 10).description) == 1024


def test_what_does_not_exist_is_named(registry: Registry) -> None:
    with pytest.raises(OperatorError, match="has no version 4; versions: 10, 2, 1"):
        registry.find("iris", 4)
    with pytest.raises(
        OperatorError, match=r"no model of use case 'housing' is registered .* iris"
    ):
        registry.versions("housing")
    with pytest.raises(OperatorError, match="does not exist"):
        registry.describe(arn(77))
    with pytest.raises(OperatorError, match="belongs to group other-development-iris"):
        registry.describe(arn(1, "other-development-iris"))


def test_lineage_has_the_hash_of_the_data(registry: Registry) -> None:
    s3 = FakeS3("bucket")
    version = registry.find("iris", 1)
    assert lineage(s3, version)["data sha256"] == UNKNOWN
    profile = {"dataset": {"sha256": "abc"}}
    s3.put_object(
        Bucket="bucket",
        Key="run-1/preprocessing/model/profile.json",
        Body=json.dumps(profile).encode(),
    )
    found = lineage(s3, version)
    assert (found["data sha256"], found["run"], found["code version"]) == ("abc", "run-1", "code-1")
    assert found["commit"] == "1" * 40
