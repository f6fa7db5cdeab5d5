"""Which model a new one is compared with, and what the evaluate job gets where there is none."""

from __future__ import annotations

import json
from typing import Any

import pytest

from common.errors import AccessError
from create_schema.champion import NO_VERSION, ChampionVersion, find_champion, marker
from create_schema.settings import Settings
from tests.unit.lambdas import fakes

GROUP = "ml-core-development-housing"
ARN = "arn:aws:sagemaker:eu-west-1:123456789012:model-package/ml-core-development-housing/"
KEY = "old-run/training/housing-train-x/output/model.tar.gz"
URL = f"s3://{fakes.WORKFLOW}/{KEY}"
SHA256 = "ab" * 32


@pytest.fixture
def registry(s3: fakes.FakeS3) -> fakes.FakeSageMaker:
    """Version 2 is approved, 3 is not."""
    sagemaker = fakes.FakeSageMaker()
    for version, status in ((1, "Approved"), (2, "Approved"), (3, "PendingManualApproval")):
        sagemaker.add_version(GROUP, version, status, URL, {"ModelSha256": SHA256})
    s3.put(fakes.WORKFLOW, KEY, "model")
    return sagemaker


def test_newest_approved_version(
    s3: fakes.FakeS3, registry: fakes.FakeSageMaker, settings: Settings
) -> None:
    found = find_champion(s3, registry, settings, GROUP)
    assert found == ChampionVersion(f"{ARN}2", URL, SHA256)
    assert found.location(fakes.WORKFLOW, fakes.RUN_ID) == URL


def test_no_version(s3: fakes.FakeS3, settings: Settings) -> None:
    sagemaker = fakes.FakeSageMaker()
    sagemaker.add_version(GROUP, 1, "Rejected", URL, {})
    found = find_champion(s3, sagemaker, settings, GROUP)
    assert found == ChampionVersion(reason=NO_VERSION)
    assert found.location("bucket", "run") == "s3://bucket/run/champion/"
    assert json.loads(marker(found)) == {"reason": NO_VERSION}


def test_version_of_before_hashes_were_recorded(
    s3: fakes.FakeS3, registry: fakes.FakeSageMaker, settings: Settings
) -> None:
    del registry.packages[f"{ARN}2"]["CustomerMetadataProperties"]
    assert find_champion(s3, registry, settings, GROUP) == ChampionVersion(f"{ARN}2", URL, "")


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        (f"{URL}.old", f"{URL}.old is not there any more"),
        (URL[:-3], f"{URL[:-3]} is not there any more"),  # a prefix of a key is no key
        (
            "s3://elsewhere/model.tar.gz",
            "s3://elsewhere/model.tar.gz is not in the workflow bucket",
        ),
        ("", "the approved version names no model.tar.gz"),
    ],
)
def test_model_that_cannot_be_an_input(
    s3: fakes.FakeS3, registry: fakes.FakeSageMaker, settings: Settings, url: str, expected: str
) -> None:
    container = registry.packages[f"{ARN}2"]["InferenceSpecification"]["Containers"][0]
    container["ModelDataUrl"] = url
    found = find_champion(s3, registry, settings, GROUP)
    assert found.reason.startswith(expected)
    assert (found.model_package_arn, found.model_data_url) == (f"{ARN}2", "")


@pytest.mark.parametrize("operation", ["ListModelPackages", "DescribeModelPackage"])
def test_registry_that_may_not_be_read(
    s3: fakes.FakeS3, registry: fakes.FakeSageMaker, settings: Settings, operation: str
) -> None:
    registry.denied.add(operation)
    with pytest.raises(AccessError, match=f"sagemaker:{operation}.*infra/modules/manifest"):
        find_champion(s3, registry, settings, GROUP)


def test_package_without_containers(
    s3: fakes.FakeS3, registry: fakes.FakeSageMaker, settings: Settings
) -> None:
    package: dict[str, Any] = registry.packages[f"{ARN}2"]
    del package["InferenceSpecification"]
    assert find_champion(s3, registry, settings, GROUP).reason.startswith("the approved version")
