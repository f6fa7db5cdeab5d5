"""The command lines that the pages show are those of scripts and options that exist."""

from __future__ import annotations

import re
import shlex

import pytest

from console.commands import command, target_variables
from landing_zone.core.settings import DEPLOYMENT, ROOT, load_settings
from tests.unit.pages import SCRIPTS, help_of

CALLS = sorted(
    {
        found
        for path in (ROOT / "console/pages").glob("*.py")
        for found in re.findall(
            r"command\(\s*f?\"([\w{}]+\.py)\"((?:,\s*[^()]*)?)\)", path.read_text()
        )
    }
)


@pytest.mark.parametrize(("script", "rest"), CALLS, ids=lambda value: value[:30])
def test_a_command_exists_with_its_options(script: str, rest: str) -> None:
    for verb in ("approve", "reject") if "{verb}" in script else ("",):
        name = script.replace("{verb}", verb)
        assert (SCRIPTS / name).is_file()
        for option in re.findall(r"\"(--[a-z-]+)\"", rest):
            assert option in help_of(name), f"{name} {option}"


def test_the_pages_show_commands() -> None:
    assert {script for script, _ in CALLS} >= {
        "approve.py", "drift.py", "models.py", "predict.py", "reject.py", "rollback.py",
        "set_traffic.py", "start_run.py", "status.py",
    }  # fmt: skip


def test_values_are_quoted_for_a_shell() -> None:
    line = command("predict.py", "5.1,3.5; rm -rf x", USE_CASE="iris", IMAGE_TAG="")

    assert line.startswith("USE_CASE=iris python deployment-scripts/predict.py ")
    assert shlex.split(line)[3:] == ["5.1,3.5; rm -rf x"]


def test_the_variables_of_a_terminal_are_settings() -> None:
    found = target_variables(load_settings({"SERVICE": "zone"}))

    assert found == {"SERVICE": "zone", "BUILD_STAGE": "development", "AWS_REGION": "eu-west-1"}
    assert set(found) <= {setting.name for setting in DEPLOYMENT}
