"""How the commands start and end, without AWS behind them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from landing_zone import cli, environment
from landing_zone.aws import explain
from landing_zone.errors import OperatorError
from landing_zone.local import endpoint_url, local_environment
from landing_zone.settings import DEPLOYMENT, OTHERS, ROOT, Settings
from landing_zone.timing import Steps
from tests.unit.deployment_scripts.fakes import client_error

SCRIPTS = ROOT / "deployment-scripts"
SHELL = sorted(SCRIPTS.glob("*.sh"))


def run(*command: str, **variables: str) -> subprocess.CompletedProcess[str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith(("AWS_", "LZ_"))}
    return subprocess.run(
        command, capture_output=True, text=True, check=False, cwd=ROOT,
        env={**kept, "PYTHON": sys.executable, **variables},
    )  # fmt: skip


@pytest.mark.parametrize("script", [s for s in SHELL if s.name != "lib.sh"], ids=lambda p: p.name)
def test_a_shell_script_says_what_it_does(script: Path) -> None:
    done = run("bash", str(script), "--help")

    assert done.returncode == 0, done.stderr
    assert len(done.stdout.split()) > 10
    assert os.access(script, os.X_OK) or script.name == "env.sh"  # env.sh is sourced


@pytest.mark.parametrize("script", [s for s in SHELL if s.name != "env.sh"], ids=lambda p: p.name)
def test_sourcing_a_shell_script_does_nothing(script: Path) -> None:
    done = run("bash", "-c", f"source '{script}'; echo sourced")

    assert (done.returncode, done.stdout, done.stderr) == (0, "sourced\n", "")


@pytest.mark.parametrize("script", sorted(SCRIPTS.glob("*.py")), ids=lambda p: p.name)
def test_a_python_script_says_what_it_does(script: Path) -> None:
    done = run(sys.executable, str(script), "--help")

    assert done.returncode == 0, done.stderr
    assert done.stdout.startswith(f"usage: {script.name}")
    assert script.name in done.stdout.partition("options:")[0].replace("usage: ", "", 1)


def test_env_sh_sets_what_terraform_needs_and_keeps_the_shells_options() -> None:
    script = 'set +e; source deployment-scripts/env.sh; echo "$SERVICE $TF_VAR_service $-"; env'

    done = run("bash", "-c", script, SERVICE="fraud", TF_CLI_CONFIG_FILE="/does/not/exist")

    assert done.returncode == 0, done.stderr
    first = done.stdout.splitlines()[0].split()
    assert first[:2] == ["fraud", "fraud"]
    assert "e" not in first[2]
    assert "/does/not/exist" not in done.stdout


def test_env_sh_refuses_a_wrong_setting() -> None:
    done = run("bash", "deployment-scripts/env.sh", BUILD_STAGE="prod")

    assert done.returncode == 1
    assert "BUILD_STAGE is 'prod'; allowed: development, staging, production" in done.stderr


def test_the_table_shows_every_setting_and_where_it_comes_from(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("SERVICE", "fraud")

    text = environment.table()

    assert "SERVICE=fraud  (environment)" in text
    for setting in (*DEPLOYMENT, *OTHERS):
        assert re.search(rf"^{setting.name}=", text, re.MULTILINE), setting.name
        assert setting.help in text


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
def test_what_a_person_can_mend_is_a_message_not_a_traceback(
    capsys: pytest.CaptureFixture[str], raised: BaseException, code: int, message: str
) -> None:
    def command(_: object, __: Settings) -> int:
        raise raised

    assert cli.run_command(command, cli.parser("x"), []) == code
    assert message in capsys.readouterr().err


def test_a_reader_that_has_had_enough_is_no_error() -> None:
    program = (
        "import sys; from landing_zone import cli\n"
        "def command(*_):\n"
        "    for number in range(100_000): print('line', number)\n"
        "    return 0\n"
        "sys.exit(cli.run_command(command, cli.parser('x'), []))"
    )
    pipe = f'set -o pipefail; "{sys.executable}" -c "$PROGRAM" | head -1'

    done = run("bash", "-c", pipe, PROGRAM=program, PYTHONPATH=str(SCRIPTS))

    assert (done.returncode, done.stdout, done.stderr) == (0, "line 0\n", "")


def test_a_programming_error_is_not_hidden() -> None:
    def command(_: object, __: Settings) -> int:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        cli.run_command(command, cli.parser("x"), [])


def test_missing_credentials_and_an_unreachable_endpoint_are_explained() -> None:
    from botocore.exceptions import EndpointConnectionError, NoCredentialsError

    assert "make local" in explain(NoCredentialsError(), {})
    unreachable = EndpointConnectionError(endpoint_url="http://127.0.0.1:1")
    local = {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"}
    assert "python -m localaws status" in explain(unreachable, local)


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


def test_the_endpoint_is_the_one_that_localaws_recorded(tmp_path: Path) -> None:
    assert endpoint_url(tmp_path) is None
    (tmp_path / "localaws.json").write_text('{"endpoint_url": "http://127.0.0.1:9", "pid": 1}')
    assert endpoint_url(tmp_path) == "http://127.0.0.1:9"


def test_steps_are_summed_also_when_they_fail() -> None:
    clock = iter([0.0, 2.0, 2.0, 5.0])
    steps = Steps(lambda: next(clock))

    with steps.step("plan"):
        pass
    with pytest.raises(OperatorError), steps.step("apply"):
        raise OperatorError("no")

    assert steps.seconds == {"plan": 2.0, "apply": 3.0}
    assert "total" in steps.table("took")
    assert "5.0 s" in steps.table("took").splitlines()[-1]
