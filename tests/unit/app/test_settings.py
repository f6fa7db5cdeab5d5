"""The settings of the app, and their table in the documentation."""

from __future__ import annotations

import re

import pytest

from app.answers import AppError
from app.settings import SETTINGS, read_settings
from landing_zone.core.settings import ROOT, Setting


def test_the_live_model_of_the_reviews_is_the_default() -> None:
    settings = read_settings({})

    assert (settings.model, settings.use_case, settings.stage) == ("live", "reviews", "development")
    assert settings.is_live
    assert [settings.word(label) for label in ("0", "1", "2")] == ["negative", "positive", "2"]
    assert settings.happiest == "1"


def test_another_use_case_and_stage() -> None:
    settings = read_settings(
        {
            "USE_CASE": "tweets",
            "BUILD_STAGE": "production",
            "APP_LABELS": "sad=sad,ok=fine,yay=glad",
        }
    )

    assert (settings.use_case, settings.stage) == ("tweets", "production")
    assert list(settings.words) == ["sad", "ok", "yay"]
    assert settings.happiest == "yay"


def test_everything_that_is_wrong_is_named_at_once() -> None:
    with pytest.raises(AppError) as error:
        read_settings({"APP_LABELS": "positive", "BUILD_STAGE": "test", "APP_API_URL": "api"})

    for name in ("APP_LABELS", "BUILD_STAGE", "APP_API_URL"):
        assert f"{name} is " in str(error.value)


def test_a_model_in_s3_needs_its_hash() -> None:
    uri = "s3://bucket/run/model.tar.gz"

    with pytest.raises(AppError, match="APP_MODEL_SHA256 is empty"):
        read_settings({"APP_MODEL": uri})
    settings = read_settings({"APP_MODEL": uri, "APP_MODEL_SHA256": "ab" * 32})

    assert (settings.model, settings.is_live) == (uri, False)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.name)
def test_a_setting_has_a_row_with_its_default(setting: Setting) -> None:
    page = (ROOT / "docs/app.md").read_text()
    default = f"`{setting.default}`" if setting.default else "empty"

    assert re.search(rf"^\| `{setting.name}` \| {re.escape(default)} \|", page, re.MULTILINE)
