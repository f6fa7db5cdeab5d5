"""Which model the settings name, and where its labels go."""

from __future__ import annotations

import pytest

from app.answers import AppError
from app.live import LiveModel
from app.settings import read_settings
from app.source import find_labels, find_model
from tests.unit.app.fakes import URL, FakeAws


def test_a_deployment_is_looked_up() -> None:
    aws = FakeAws(inference_api_url=URL, workflow_bucket="workflow")
    settings = read_settings({})

    model, labels = find_model(settings, aws), find_labels(settings, aws)

    assert isinstance(model, LiveModel)
    assert (model.url, model.use_case) == (URL, "reviews")
    assert labels is not None
    assert (labels.bucket, labels.use_case) == ("workflow", "reviews")


def test_the_container_looks_nothing_up() -> None:
    aws = FakeAws()
    settings = read_settings({"APP_API_URL": f"{URL}/", "APP_LABEL_BUCKET": "labels"})

    model, labels = find_model(settings, aws), find_labels(settings, aws)

    assert isinstance(model, LiveModel)
    assert model.url == URL
    assert labels is not None
    assert labels.bucket == "labels"


def test_without_an_api_the_error_says_how_to_deploy_one() -> None:
    with pytest.raises(AppError, match=r"has no inference API.*make local USE_CASE=reviews"):
        find_model(read_settings({}), FakeAws())


def test_nothing_is_sent_unencrypted_to_another_machine() -> None:
    with pytest.raises(AppError, match="allowed: https"):
        find_model(read_settings({"APP_API_URL": "http://example.com/v1"}), FakeAws())


def test_without_a_deployment_there_are_no_labels() -> None:
    with pytest.raises(AppError, match=r"look up the deployment ml-core-development.*NotFound"):
        find_labels(read_settings({}), FakeAws())
