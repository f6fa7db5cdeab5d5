"""A source bucket as upload-source-files.sh leaves it, and the settings Terraform gives."""

from __future__ import annotations

import pytest

from common.manifest import load_schema
from create_schema.service import Schemas
from create_schema.settings import Settings
from tests.unit.lambdas import fakes


@pytest.fixture
def environment() -> dict[str, str]:
    return {
        "AWS_REGION": "eu-west-1",
        "SERVICE": "ml-core",
        "STAGE": "development",
        "SOURCE_BUCKET": fakes.SOURCE,
        "WORKFLOW_BUCKET": fakes.WORKFLOW,
        "KMS_KEY_ARN": fakes.KMS_KEY,
        "PREBUILT_IMAGE_URI": fakes.PREBUILT,
        "IMAGE_REPOSITORY_URI": fakes.REPOSITORY_URI,
        "LOG_LEVEL": "INFO",
    }


@pytest.fixture
def settings(environment: dict[str, str]) -> Settings:
    return Settings.from_environment(environment)


@pytest.fixture(scope="session")
def schemas() -> Schemas:
    return Schemas(load_schema("manifest.schema.json"), load_schema("use_case.schema.json"))


@pytest.fixture
def s3() -> fakes.FakeS3:
    fake = fakes.FakeS3()
    for path in (fakes.REPOSITORY / "config/use_cases").glob("*.yaml"):
        fake.put(fakes.SOURCE, f"config/use_cases/{path.name}", path.read_bytes())
    fake.put(fakes.SOURCE, fakes.CODE_MARKER, f"{fakes.CODE_VERSION}\n")
    return fake


@pytest.fixture
def sagemaker() -> fakes.FakeSageMaker:
    return fakes.FakeSageMaker()
