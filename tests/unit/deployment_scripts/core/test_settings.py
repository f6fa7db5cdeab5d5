from __future__ import annotations

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import DEPLOYMENT, OTHERS, load_settings


def test_defaults() -> None:
    settings = load_settings({})

    assert settings.prefix == "ml-core-development"
    assert settings.parameter_path == "/ml-core/development"
    assert settings.state_key == "eu-west-1/ml-core/development/terraform.tfstate"
    bucket = Names(settings, "123456789012").state_bucket
    assert bucket == "ml-core-development-123456789012-state-bucket"
    assert not settings.is_local
    assert settings.approve == "auto"


def test_every_setting_is_overridden_by_the_environment() -> None:
    settings = load_settings(
        {
            "SERVICE": "fraud",
            "BUILD_STAGE": "staging",
            "AWS_REGION": "us-east-1",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:4566/",
            "STATE_BUCKET": "our-state",
            "USE_CASE": "iris",
            "ENDPOINT_TYPE": "Batch",
            "IMAGE_TAG": "3f2a1bc",
            "DATA": "my.csv",
            "APPROVE": "ask",
            "TERRAFORM": "/usr/bin/terraform",
        }
    )

    assert settings.state_key == "us-east-1/fraud/staging/terraform.tfstate"
    assert Names(settings, "1").state_bucket == "our-state"
    assert settings.endpoint_url == "http://127.0.0.1:4566"
    assert settings.is_local
    assert (settings.use_case, settings.endpoint_type) == ("iris", "Batch")
    assert settings.image_tag == "3f2a1bc"
    assert (settings.data, settings.approve, settings.terraform) == (
        "my.csv", "ask", "/usr/bin/terraform",
    )  # fmt: skip


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SERVICE", "Ml_Core"),
        ("SERVICE", "x"),
        ("SERVICE", "a-name-that-is-far-too-long"),
        ("SERVICE", "ends-with-"),
        ("BUILD_STAGE", "prod"),
        ("AWS_REGION", "Ireland"),
        ("AWS_ENDPOINT_URL", "127.0.0.1:4566"),
        ("STATE_BUCKET", "Upper"),
        ("USE_CASE", "Housing"),
        ("ENDPOINT_TYPE", "Endpoint"),
        ("IMAGE_TAG", "ml-core:1.0"),
        ("APPROVE", "yes"),
    ],
)
def test_the_error_of_a_wrong_value_names_the_setting(name: str, value: str) -> None:
    with pytest.raises(OperatorError) as caught:
        load_settings({name: value})

    assert name in str(caught.value)
    assert repr(value) in str(caught.value)
    assert "allowed: " in str(caught.value)


def test_the_error_lists_every_wrong_setting() -> None:
    with pytest.raises(OperatorError) as caught:
        load_settings({"SERVICE": "X", "APPROVE": "maybe"})

    assert "SERVICE" in str(caught.value)
    assert "APPROVE" in str(caught.value)


def test_the_default_region_of_the_aws_cli_counts_when_no_other_is_set() -> None:
    assert load_settings({"AWS_DEFAULT_REGION": "eu-north-1"}).region == "eu-north-1"
    assert load_settings(
        {"AWS_DEFAULT_REGION": "eu-north-1", "AWS_REGION": "us-west-2"}
    ).region == ("us-west-2")


def test_an_empty_value_is_the_default() -> None:
    assert load_settings({"SERVICE": "", "AWS_REGION": ""}).prefix == "ml-core-development"


def test_refuses_a_state_bucket_name_that_s3_would_refuse() -> None:
    settings = load_settings({"SERVICE": "a" * 22})
    assert len(Names(settings, "123456789012").state_bucket) <= 63

    with pytest.raises(OperatorError, match="63"):
        _ = Names(settings, "1" * 40).state_bucket


def test_every_default_is_a_value_that_is_allowed() -> None:
    assert [setting.name for setting in (*DEPLOYMENT, *OTHERS) if setting.read({})[1]] == []
