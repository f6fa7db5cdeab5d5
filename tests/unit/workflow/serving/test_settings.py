"""The settings of the server come from the environment, and a bad one is named."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from serving.settings import MIB, SettingError, Settings, read_settings
from tests.unit.workflow.serving.small_models import WORKFLOW


def test_by_default_only_this_machine_is_served() -> None:
    settings = read_settings({"SAGEMAKER_MODEL_SERVER_WORKERS": "1"})
    assert settings == Settings()
    assert settings.host == "127.0.0.1"
    assert settings.maximum_body == 6 * MIB


def test_a_worker_a_core() -> None:
    assert read_settings({}).workers >= 1


def test_the_variables_of_sagemaker() -> None:
    settings = read_settings(
        {
            "SAGEMAKER_BIND_TO_PORT": "9000",
            "SAGEMAKER_MODEL_SERVER_WORKERS": "3",
            "SM_MODEL_DIR": "/elsewhere",
            "SERVING_HOST": "0.0.0.0",
            "SERVING_DRAIN_SECONDS": "1.5",
        }
    )
    assert (settings.port, settings.workers, settings.host) == (9000, 3, "0.0.0.0")
    assert settings.model_directory == Path("/elsewhere")
    assert settings.drain_seconds == 1.5


@pytest.mark.parametrize(("limit", "expected"), [("", 6), ("20", 20), ("0", 100)])
def test_a_transform_job_may_send_more(limit: str, expected: int) -> None:
    batch = {"SAGEMAKER_BATCH": "true", "SAGEMAKER_MAX_PAYLOAD_IN_MB": limit}
    assert read_settings(batch).maximum_body == expected * MIB
    assert read_settings({"SAGEMAKER_MAX_PAYLOAD_IN_MB": limit}).maximum_body == 6 * MIB


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("SAGEMAKER_BIND_TO_PORT", "70000"),
        ("SAGEMAKER_BIND_TO_PORT", "http"),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "0"),
        ("SAGEMAKER_MODEL_SERVER_WORKERS", "\u00b2"),
        ("SERVING_BODY_SECONDS", "soon"),
        ("SERVING_IDLE_SECONDS", "-1"),
        ("SERVING_HEADER_SECONDS", "nan"),
    ],
)
def test_a_bad_value_is_named(name: str, value: str) -> None:
    with pytest.raises(SettingError, match=f"{name}: found .*, expected"):
        read_settings({name: value})


def test_every_variable_is_documented() -> None:
    source = (WORKFLOW / "serving" / "settings.py").read_text()
    readme = (WORKFLOW / "container" / "README.md").read_text()
    names = set(re.findall(r'"((?:SAGEMAKER|SERVING|SM)_[A-Z_]+)"', source))
    assert len(names) > 8
    assert {name for name in names if f"`{name}`" not in readme} == set()
