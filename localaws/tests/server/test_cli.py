"""The command `localaws`: every command, what it prints, and how it refuses."""

import json
import os
import socket
import subprocess
import sys
import threading
from importlib.metadata import version
from pathlib import Path

import psutil
import pytest
from botocore.exceptions import ClientError

from localaws.cli import main
from localaws.core.context import ACCOUNT_ID
from localaws.testing import running

COMMANDS = ["start", "stop", "status", "logs", "run", "clean", "connect"]
LOCALAWS = str(Path(sys.executable).parent / "localaws")


def command(*arguments, program=(LOCALAWS,), **environment):
    return subprocess.run(
        [*program, *map(str, arguments)],
        env={**os.environ, "COLUMNS": "200", **environment},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def status(state_dir):
    return json.loads(command("status", "--json", "--state-dir", state_dir).stdout)


def test_the_commands_are_listed_and_described():
    listed = command("--help").stdout
    assert listed.startswith("usage: localaws ")
    for name in COMMANDS:
        assert f"    {name} " in listed
        described = command(name, "--help").stdout
        assert described.startswith(f"usage: localaws {name} ")
        assert "(default: LOCALAWS_STATE_DIR, or .localaws)" in described


def test_the_module_is_the_same_command():
    module = command("--help", program=(sys.executable, "-m", "localaws"))
    assert module.stdout == command("--help").stdout


def test_the_version_is_that_of_the_distribution():
    assert command("--version").stdout == f"localaws {version('localaws')}\n"


def test_start_is_idempotent_and_stop_leaves_nothing(tmp_path):
    place = ["--state-dir", str(tmp_path)]
    started = command("start", "--port", "0", *place)
    assert started.returncode == 0, started.stdout
    pid = status(tmp_path)["pid"]
    again = command("start", "--port", "0", *place)
    assert (again.returncode, f"pid {pid}" in again.stdout) == (0, True)
    assert str(pid) in command("status", *place).stdout
    assert "listening on" in command("logs", *place).stdout
    assert command("stop", *place).returncode == 0
    assert not psutil.pid_exists(pid) or psutil.Process(pid).status() == psutil.STATUS_ZOMBIE
    assert command("status", *place).returncode == 1
    assert command("stop", *place).returncode == 0
    assert not (tmp_path / "work").exists()


def test_status_is_one_json_object(localaws):
    answer = command("status", "--json", "--state-dir", localaws.state_dir)
    assert answer.returncode == 0
    found = json.loads(answer.stdout)
    assert found.pop("uptime_seconds") > 0
    assert found.pop("child_processes") >= 0
    assert found == {
        "status": "running",
        "pid": localaws.pid,
        "endpoint_url": localaws.endpoint_url,
        "state_dir": str(localaws.state_dir),
        "account_id": ACCOUNT_ID,
        "version": version("localaws"),
    }


def test_the_status_of_a_stopped_server_is_one_json_object(tmp_path):
    answer = command("status", "--json", "--state-dir", tmp_path / "none")
    assert answer.returncode == 1
    assert json.loads(answer.stdout) == {
        "status": "stopped",
        "state_dir": str(tmp_path / "none"),
    }
    assert not (tmp_path / "none").exists()


def test_a_record_of_a_killed_server_counts_for_nothing(localaws, tmp_path):
    # The port of a killed server may belong to another localaws or another program by now.
    record = {"pid": localaws.pid + 1, "endpoint_url": localaws.endpoint_url, "version": "0"}
    (tmp_path / "localaws.json").write_text(json.dumps(record))
    assert status(tmp_path)["status"] == "stopped"

    with socket.create_server(("127.0.0.1", 0)) as other:
        thread = threading.Thread(target=answer_with, args=(other, b"SSH-2.0-OpenSSH\r\n"))
        thread.start()
        url = f"http://127.0.0.1:{other.getsockname()[1]}"
        (tmp_path / "localaws.json").write_text(json.dumps(record | {"endpoint_url": url}))
        assert status(tmp_path)["status"] == "stopped"
        thread.join()


def answer_with(listener, line):
    connection, _ = listener.accept()
    with connection:
        connection.sendall(line)
        connection.recv(65_536)


def test_clean_removes_what_a_stopped_server_left(tmp_path):
    state_dir = tmp_path / "state"
    with running(state_dir) as server:
        process = psutil.Process(server.pid)
        process.kill()  # so that record and scratch files stay
        psutil.wait_procs([process], timeout=10)
        left = {path.name for path in state_dir.iterdir()}
        assert left == {"localaws.json", "localaws.log", "work"}

    cleaned = command("clean", "--state-dir", state_dir)
    assert (cleaned.returncode, cleaned.stderr) == (0, "")
    assert all(name in cleaned.stdout for name in left)
    assert not state_dir.exists()
    again = command("clean", "--state-dir", state_dir)
    assert (again.returncode, "nothing to remove" in again.stdout) == (0, True)


def test_clean_keeps_the_files_of_others(tmp_path):
    (tmp_path / "notes.txt").write_text("mine")
    (tmp_path / "localaws.log").write_text("")
    assert command("clean", "--state-dir", tmp_path).returncode == 0
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_clean_refuses_while_the_server_runs(localaws):
    refused = command("clean", "--state-dir", localaws.state_dir)
    assert refused.returncode == 1
    assert f"pid {localaws.pid}" in refused.stderr
    assert "localaws stop" in refused.stderr
    assert (localaws.state_dir / "localaws.log").exists()


def test_a_second_server_does_not_take_the_directory_of_a_running_one(localaws):
    refused = command("run", "--port", "0", "--state-dir", localaws.state_dir)
    assert refused.returncode == 1
    assert f"pid {localaws.pid}" in refused.stderr
    assert status(localaws.state_dir)["pid"] == localaws.pid


def test_a_taken_port_is_named(localaws, tmp_path):
    port = localaws.endpoint_url.rsplit(":", 1)[1]
    refused = command("start", "--port", port, "--state-dir", str(tmp_path))
    assert refused.returncode == 1
    assert f"If port {port} is taken" in refused.stderr


@pytest.mark.parametrize(
    ("arguments", "environment", "found", "allowed"),
    [
        (["--port", "65536"], {}, "'65536' (of --port or LOCALAWS_PORT)", "0 to 65535"),
        (["--port", "-1"], {}, "'-1'", "0 to 65535"),
        ([], {"LOCALAWS_PORT": "http"}, "'http' (of --port or LOCALAWS_PORT)", "0 to 65535"),
        (["--time-scale", "0"], {}, "'0' (of --time-scale or", "greater than 0"),
        (["--time-scale", "nan"], {}, "'nan'", "greater than 0"),
        ([], {"LOCALAWS_TIME_SCALE": "fast"}, "'fast'", "greater than 0"),
        ([], {"LOCALAWS_LOG_LEVEL": "loud"}, "'loud'", "DEBUG, INFO, WARNING, ERROR"),
        (["--state-dir", __file__], {}, "test_cli.py'", "name a directory"),
        ([], {"LOCALAWS_STATE_DIR": __file__}, "test_cli.py'", "name a directory"),
    ],
)  # fmt: skip
@pytest.mark.parametrize("name", ["start", "run"])
def test_a_wrong_option_is_refused_with_what_is_allowed(
    name, arguments, environment, found, allowed, tmp_path, monkeypatch, capsys
):
    environment = {"LOCALAWS_STATE_DIR": str(tmp_path / "state"), **environment}
    for variable, value in environment.items():
        monkeypatch.setenv(variable, value)
    with pytest.raises(SystemExit) as refused:
        main([name, *arguments])
    assert refused.value.code == 2
    said = capsys.readouterr().err
    assert found in said
    assert allowed in said
    assert not (tmp_path / "state").exists()


@pytest.mark.parametrize("name", ["start", "run"])
def test_a_wrong_image_is_refused_before_a_server_starts(name, tmp_path, monkeypatch, capsys):
    state_dir = ["--state-dir", str(tmp_path / "state")]
    assert main([name, *state_dir, "--image", "model"]) == 2
    assert "'model' is not a pair" in capsys.readouterr().err
    monkeypatch.setenv("LOCALAWS_IMAGES", f"model={tmp_path / 'missing'}")
    assert main([name, *state_dir]) == 2
    said = capsys.readouterr().err
    assert said.startswith(f"localaws {name}: LOCALAWS_IMAGES: ")
    assert f"{tmp_path / 'missing'}, which is not a directory" in said
    assert not (tmp_path / "state").exists()


def test_images_reach_the_server_as_absolute_paths(tmp_path, monkeypatch):
    for name in ("one", "two", "setting"):
        (tmp_path / name).mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("LOCALAWS_IMAGES", "model=setting")
    options = ["--image", "model=one", "--image", "*=two"]  # they replace the variable
    with running(tmp_path / "state", *options) as server:
        found = psutil.Process(server.pid).environ()["LOCALAWS_IMAGES"]
    assert found == f"model={tmp_path / 'one'},*={tmp_path / 'two'}"


@pytest.mark.parametrize("name", ["start", "run"])
def test_a_wrong_access_setting_is_refused_before_a_server_starts(
    name, tmp_path, monkeypatch, capsys
):
    monkeypatch.setenv("LOCALAWS_ALLOW_OTHER_USERS", "maybe")
    assert main([name, "--state-dir", str(tmp_path / "state")]) == 2
    assert "LOCALAWS_ALLOW_OTHER_USERS is 'maybe', but must be 1" in capsys.readouterr().err
    assert not (tmp_path / "state").exists()


def test_a_state_directory_that_cannot_be_made_is_named(tmp_path):
    (tmp_path / "file").write_text("")
    refused = command("start", "--state-dir", tmp_path / "file" / "state")
    assert refused.returncode == 1
    assert f"{tmp_path / 'file' / 'state'} cannot be made" in refused.stderr
    assert "LOCALAWS_STATE_DIR" in refused.stderr


def test_logs_name_the_directory_that_has_none(tmp_path):
    refused = command("logs", "--state-dir", tmp_path)
    assert refused.returncode == 1
    assert f"no log at {tmp_path / 'localaws.log'}" in refused.stderr


def test_an_empty_setting_is_its_default(tmp_path):
    answer = command("status", LOCALAWS_STATE_DIR="")
    assert str(Path.cwd() / ".localaws") in answer.stdout


PROXY_VARIABLES = ("HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy")


def test_a_proxy_of_the_environment_is_not_used(tmp_path, monkeypatch):
    for name in PROXY_VARIABLES:
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    for name in ("NO_PROXY", "no_proxy"):
        monkeypatch.delenv(name, raising=False)
    with running(tmp_path) as server, monkeypatch.context() as direct:
        for name in PROXY_VARIABLES:
            direct.delenv(name)
        # The server looks the role up with a client of its own.
        with pytest.raises(ClientError, match="role/missing") as refused:
            server.client("sagemaker").create_model(
                ModelName="m",
                ExecutionRoleArn=f"arn:aws:iam::{ACCOUNT_ID}:role/missing",
                PrimaryContainer={"Image": f"{ACCOUNT_ID}.dkr.ecr.eu-west-1.amazonaws.com/own:1"},
            )
    assert refused.value.response["Error"]["Code"] == "ValidationException"
