from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import load_settings
from landing_zone.stack import mirrors, terraform
from landing_zone.stack.terraform import Terraform, find_terraform, terraform_environment

LOCAL = {"AWS_ENDPOINT_URL": "http://127.0.0.1:4566"}


def mirror(folder: Path) -> Path:
    (folder / mirrors.PROVIDER / "5.100.0" / mirrors.this_platform()).mkdir(parents=True)
    return folder


def program(folder: Path, text: str) -> str:
    """A terraform that records its arguments."""
    path = folder / "terraform"
    path.write_text(f'#!/bin/sh\necho "$@" >> "{folder}/calls"\n{text}\n')
    path.chmod(path.stat().st_mode | stat.S_IXUSR)
    return str(path)


def stack(tmp_path: Path, text: str = "exit 0", log: Path | None = None) -> Terraform:
    folder = tmp_path / "infra"
    folder.mkdir(exist_ok=True)
    (folder / "main.tf").write_text("# nothing")
    (tmp_path / "data").mkdir(exist_ok=True)
    environment = {"PATH": os.environ["PATH"], "TF_DATA_DIR": str(tmp_path / "data")}
    backend = {"bucket": "b", "key": "k", "region": "r"}
    variables = tmp_path / "development.tfvars"
    return Terraform(program(tmp_path, text), environment, backend, variables, folder, log)


def calls(tmp_path: Path) -> list[str]:
    return (tmp_path / "calls").read_text().splitlines()


def test_a_named_cli_configuration_is_used_when_the_file_exists(tmp_path: Path) -> None:
    config = tmp_path / "own.tfrc"
    config.touch()

    made = terraform_environment(
        load_settings({}), {"TF_CLI_CONFIG_FILE": str(config)}, scratch=tmp_path,
        folders=[mirror(tmp_path / "mirror")],
    )  # fmt: skip

    assert made["TF_CLI_CONFIG_FILE"] == str(config)


def test_a_mirror_replaces_a_named_cli_configuration_without_a_file(tmp_path: Path) -> None:
    made = terraform_environment(
        load_settings({}), {"TF_CLI_CONFIG_FILE": "/does/not/exist"}, scratch=tmp_path / "scratch",
        folders=[mirror(tmp_path / "mirror")],
    )  # fmt: skip

    assert str(tmp_path / "mirror") in Path(made["TF_CLI_CONFIG_FILE"]).read_text()
    assert Path(made["TF_CLI_CONFIG_FILE"]).parent == tmp_path / "scratch"


def test_without_a_mirror_the_registry_is_asked_and_downloads_are_kept(tmp_path: Path) -> None:
    made = terraform_environment(
        load_settings({}), {"TF_CLI_CONFIG_FILE": "/does/not/exist"}, scratch=tmp_path, folders=[]
    )

    assert made["TF_CLI_CONFIG_FILE"] == ""
    assert made["TF_PLUGIN_CACHE_DIR"] == str(tmp_path / "plugins")


def test_settings_become_variables_of_the_stack(tmp_path: Path) -> None:
    settings = load_settings({"SERVICE": "fraud", "AWS_REGION": "us-east-1"})

    made = terraform_environment(settings, {}, scratch=tmp_path, folders=[])

    assert made["TF_VAR_service"] == "fraud"
    assert made["TF_VAR_build_stage"] == "development"
    assert made["TF_VAR_aws_region"] == made["AWS_REGION"] == "us-east-1"


def test_each_target_has_its_own_data_directory(tmp_path: Path) -> None:
    environments = [
        {},
        LOCAL,
        {"AWS_ENDPOINT_URL": "http://127.0.0.1:1"},
        {"BUILD_STAGE": "staging"},
    ]

    folders = {terraform.data_dir(load_settings(environ), tmp_path) for environ in environments}

    assert len(folders) == len(environments)


def test_terraform_on_path_is_preferred_to_the_shim(tmp_path: Path) -> None:
    found = program(tmp_path, "exit 0")

    assert find_terraform(load_settings({}), {"PATH": str(tmp_path)}) == found
    assert find_terraform(load_settings({}), {"PATH": "/nowhere"}) == str(
        terraform.SCRIPTS / "terraform"
    )


def test_a_named_terraform_that_does_not_exist_is_refused() -> None:
    with pytest.raises(OperatorError, match="TERRAFORM is '/nowhere/terraform'"):
        find_terraform(load_settings({"TERRAFORM": "/nowhere/terraform"}), {})


def test_init_runs_once_until_something_changes(tmp_path: Path) -> None:
    made = stack(tmp_path)

    assert made.init()
    assert not made.init()
    (tmp_path / "infra/main.tf").write_text("# another module")
    assert made.init()
    assert not made.init()

    assert len(calls(tmp_path)) == 2
    assert (
        "-backend-config=bucket=b -backend-config=key=k -backend-config=region=r"
        in calls(tmp_path)[0]
    )


def test_init_runs_again_after_its_lock_file_was_removed(tmp_path: Path) -> None:
    made = stack(tmp_path)
    lock = tmp_path / "infra/.terraform.lock.hcl"
    lock.write_text("locked")
    made.init()
    lock.unlink()

    assert made.init()


@pytest.mark.parametrize(("code", "changes"), [(0, False), (2, True)])
def test_a_plan_records_whether_it_changes_anything(
    tmp_path: Path, code: int, changes: bool
) -> None:
    plan = stack(tmp_path, f"touch {tmp_path}/plan; exit {code}").plan(tmp_path / "plan")

    assert plan.changes is changes
    assert f"-var-file={tmp_path}/development.tfvars" in calls(tmp_path)[0]


def test_a_failure_names_the_command_and_the_code(tmp_path: Path) -> None:
    with pytest.raises(OperatorError, match="terraform plan failed with exit code 1"):
        stack(tmp_path, "exit 1").plan(tmp_path / "plan")


def test_quiet_output_shows_the_summary_only(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    log = tmp_path / "terraform.log"
    text = 'echo "aws_s3_bucket.this: Refreshing"; echo "Plan: 1 to add"; touch "$0.plan"; exit 2'

    stack(tmp_path, text, log).plan(tmp_path / "terraform.plan")

    assert capsys.readouterr().out == "Plan: 1 to add\n"
    assert "Refreshing" in log.read_text()


def test_quiet_output_shows_all_of_a_failure(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(OperatorError):
        stack(tmp_path, 'echo "Error: no bucket" >&2; exit 1', tmp_path / "log").init()

    assert "Error: no bucket" in capsys.readouterr().out
