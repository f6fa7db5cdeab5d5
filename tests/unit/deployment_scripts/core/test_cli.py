"""The entry point of the scripts, without AWS."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from landing_zone.core import cli
from landing_zone.core.aws import explain
from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT, Settings
from tests.unit.deployment_scripts.fakes import client_error
from tests.unit.pages import help_of

SCRIPTS = ROOT / "deployment-scripts"
SHELL = sorted(SCRIPTS.glob("*.sh"))


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("AWS_")}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT,
        env={**kept, "PYTHON": sys.executable, **variables},
    )  # fmt: skip


@pytest.mark.parametrize("command", [["bash", "quick-deploy.sh"], [sys.executable, "status.py"]])
def test_a_script_runs_its_command(command: list[str]) -> None:
    program, script = command
    done = run(program, str(SCRIPTS / script), "--help", COLUMNS="200")

    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == help_of(script)


@pytest.mark.parametrize("script", [s for s in SHELL if s.name != "lib.sh"], ids=lambda p: p.name)
def test_a_shell_script_can_be_executed(script: Path) -> None:
    assert os.access(script, os.X_OK) or script.name == "env.sh"  # env.sh is sourced


@pytest.mark.parametrize("script", [s for s in SHELL if s.name != "env.sh"], ids=lambda p: p.name)
def test_sourcing_a_shell_script_does_nothing(script: Path) -> None:
    done = run("bash", "-c", f"source '{script}'; echo sourced")

    assert (done.returncode, done.stdout, done.stderr) == (0, "sourced\n", "")


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda p: p.name)
def test_a_python_script_shows_how_to_call_it(script: Path) -> None:
    printed = help_of(script.name)

    assert printed.startswith(f"usage: {script.name}")
    assert script.name in printed.partition("options:")[0].replace("usage: ", "", 1)


@pytest.mark.parametrize(
    ("raised", "code", "message"),
    [
        (OperatorError("do this"), 1, "do this"),
        (client_error("AccessDenied", "PutObject"), 1, "lack this permission"),
        (client_error("ExpiredToken", "PutObject"), 1, "sign in again"),
        (client_error("Other", "PutObject", "odd"), 1, "odd"),
        (KeyboardInterrupt(), 130, "run it again to go on"),
    ],
    ids=repr,
)
def test_an_error_that_a_person_can_correct_is_a_message_without_a_traceback(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, message: str
) -> None:
    def command(_: object, __: Settings) -> int:
        raise raised

    assert cli.run_command(command, cli.parser("x.py", "x"), []) == code
    assert message in capsys.readouterr().err


def test_a_closed_pipe_is_no_error() -> None:
    program = (
        "import sys; from landing_zone.core import cli\n"
        "def command(*_):\n"
        "    for number in range(100_000): print('line', number)\n"
        "    return 0\n"
        "sys.exit(cli.run_command(command, cli.parser('x.py', 'x'), []))"
    )
    pipe = f'set -o pipefail; "{sys.executable}" -c "$PROGRAM" | head -1'

    done = run("bash", "-c", pipe, PROGRAM=program, PYTHONPATH=str(SCRIPTS))

    assert (done.returncode, done.stdout, done.stderr) == (0, "line 0\n", "")


def test_a_programming_error_is_not_hidden() -> None:
    def command(_: object, __: Settings) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cli.run_command(command, cli.parser("x.py", "x"), [])


def test_missing_credentials_and_an_unreachable_endpoint_are_explained() -> None:
    from botocore.exceptions import EndpointConnectionError, NoCredentialsError

    assert "make local" in explain(NoCredentialsError(), {})
    unreachable = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    local = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert "python -m localaws status" in explain(unreachable, local)
