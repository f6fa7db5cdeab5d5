from __future__ import annotations

import os
import sys
from pathlib import Path

import pytest

from landing_zone.commands.local import LocalAws, down, local_environment
from landing_zone.core.errors import OperatorError


def test_the_local_run_sees_no_real_credentials() -> None:
    made = local_environment(
        {
            "AWS_PROFILE": "production",
            "AWS_ACCESS_KEY_ID": "real",
            "AWS_SESSION_TOKEN": "real",
            "AWS_REGION": "eu-north-1",
            "AWS_ENDPOINT_URL_S3": "https://elsewhere",
            "HOME": "/home/me",
        }
    )

    assert "real" not in made.values()
    assert made["AWS_ACCESS_KEY_ID"] == "test"
    assert {"AWS_PROFILE", "AWS_SESSION_TOKEN", "AWS_ENDPOINT_URL_S3"}.isdisjoint(made)
    assert made["AWS_CONFIG_FILE"] == os.devnull
    assert (made["AWS_REGION"], made["HOME"]) == ("eu-north-1", "/home/me")


# localaws as the scripts know it: `start`, `stop`, `clean`, and `status --json`, which is not 0 when stopped.
FAKE_LOCALAWS = """
import json, os, pathlib, sys
state = pathlib.Path(os.environ["LOCALAWS_STATE_DIR"])
command = sys.argv[1:]
with (state / "calls").open("a") as calls:
    calls.write(" ".join(command) + "\\n")
running = state / "running"
if command == ["start"]:
    running.touch()
elif command == ["stop"]:
    running.unlink()
elif command == ["status", "--json"]:
    url = {"status": "running", "endpoint_url": "http://127.0.0.1:9", "pid": 1}
    print(json.dumps(url if running.exists() else {"status": "stopped"}))
    sys.exit(not running.exists())
"""


@pytest.fixture
def localaws(tmp_path: Path) -> LocalAws:
    program = tmp_path / "localaws.py"
    program.write_text(FAKE_LOCALAWS)
    environ = {**os.environ, "LOCALAWS_STATE_DIR": str(tmp_path)}
    return LocalAws(environ, [sys.executable, str(program)])


def test_scripts_get_the_address_that_localaws_reports(
    localaws: LocalAws, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert not localaws.is_running
    localaws.start()

    assert localaws.is_running
    localaws.script(sys.executable, "-c", "import os; print(os.environ['AWS_ENDPOINT_URL'])")

    assert capfd.readouterr().out == "http://127.0.0.1:9\n"


def test_a_stopped_localaws_is_only_cleaned(localaws: LocalAws, tmp_path: Path) -> None:
    down(localaws)

    assert (tmp_path / "calls").read_text().splitlines() == ["status --json", "clean"]


def test_an_answer_that_is_no_json_is_shown(tmp_path: Path) -> None:
    localaws = LocalAws({}, [sys.executable, "-c", "print('what?')"])

    with pytest.raises(OperatorError, match=r"status --json printed 'what\?\\n', which is no JSON"):
        localaws.status()


def test_localaws_runs_our_image_for_every_repository() -> None:
    repository, _, folder = local_environment({})["LOCALAWS_IMAGES"].partition("=")

    assert repository == "*"
    assert (Path(folder) / "Dockerfile").is_file()
