"""Checks of the Terraform that need only its source."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from python_terraform import IsFlagged

if TYPE_CHECKING:
    from tests.terraform.runner import Terraform

ROOT = Path(__file__).parents[2]
INFRA = ROOT / "infra"
MODULES = sorted(path.parent for path in INFRA.glob("modules/*/main.tf"))
SOURCES = sorted(path for path in INFRA.rglob("*.tf") if ".terraform" not in path.parts)


def name(path: Path) -> str:
    return str(path.relative_to(ROOT))


def test_the_formatting_is_terraforms(mocked: Terraform) -> None:
    for folder in (".", "../cicd", "../config/environments"):
        mocked.run("fmt", folder, check=IsFlagged, recursive=IsFlagged, diff=IsFlagged)


def test_a_wrong_format_is_found(mocked: Terraform, tmp_path: Path) -> None:
    (tmp_path / "wrong.tf").write_text("locals {\na=1\n}\n")
    mocked.run("fmt", str(tmp_path), check=IsFlagged, expected=3)


def test_the_tables_of_every_readme_are_up_to_date() -> None:
    script = INFRA / "readme_tables.py"
    run = subprocess.run(
        [sys.executable, script, "--check"], capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("module", [INFRA, *MODULES], ids=name)
def test_every_validation_has_a_value_it_rejects(module: Path) -> None:
    """Each validation block of a variable fails in a run ``rejects_...`` of its own.

    One run may check several variables, once each.
    """
    test = INFRA / "tests" / f"{'root' if module == INFRA else module.name}.tftest.hcl"
    rejected = [
        variable
        for variables in re.findall(r"expect_failures = \[(.*?)\]", test.read_text(), re.DOTALL)
        for variable in re.findall(r"var\.(\w+)", variables)
    ]
    variables = re.findall(
        r'^variable "(\w+)" \{\n(.*?)^\}',
        "\n".join(path.read_text() for path in sorted(module.glob("*.tf"))),
        re.MULTILINE | re.DOTALL,
    )
    assert variables
    missing = {
        variable: f"{body.count('validation {')} validations, {rejected.count(variable)} runs"
        for variable, body in variables
        if body.count("validation {") > rejected.count(variable)
    }
    assert not missing


@pytest.mark.parametrize("module", [INFRA, *MODULES], ids=name)
def test_every_variable_and_local_value_is_used(module: Path) -> None:
    text = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    blocks = re.findall(r"^locals \{\n(.*?)^\}", text, re.MULTILINE | re.DOTALL)
    declared = {f"var.{variable}" for variable in re.findall(r'^variable "(\w+)"', text, re.M)}
    declared |= {f"local.{value}" for value in re.findall(r"^  (\w+) +=", "".join(blocks), re.M)}
    # A validation of a variable does not count as a use.
    used = re.sub(r'^variable "\w+" \{\n.*?^\}', "", text, flags=re.MULTILINE | re.DOTALL)

    assert declared
    assert {word for word in declared if not re.search(rf"\b{re.escape(word)}\b", used)} == set()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_every_output_of_a_module_is_used(module: Path) -> None:
    text = "\n".join(path.read_text() for path in sorted(module.glob("*.tf")))
    outputs = re.findall(r'^output "(\w+)"', text, re.MULTILINE)
    used = {
        word
        for caller, label, _ in calls(module)
        for word in outputs
        # The caller uses one call, or all calls of a for_each in a loop.
        if re.search(
            rf"module\.{label}(\[[^]]+\])?\.{word}\b|in module\.{label} :.*\.{word}\b", caller
        )
    }

    assert set(outputs) - used == set()


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_is_given_every_variable(module: Path) -> None:
    """A variable that no caller sets is a constant."""
    given = {
        word
        for _, _, arguments in calls(module)
        for word in re.findall(r"^  (\w+) +=", arguments, re.MULTILINE)
    } - {"source", "for_each", "count"}
    variables = re.findall(r'^variable "(\w+)"', (module / "variables.tf").read_text(), re.M)

    assert set(variables) == given


def calls(module: Path) -> list[tuple[str, str, str]]:
    """Each call of a module, by the root module or by another: the caller's text, label and arguments."""
    found = []
    for caller in (INFRA, *MODULES):
        source = "./modules" if caller == INFRA else ".."
        text = "\n".join(path.read_text() for path in sorted(caller.glob("*.tf")))
        found += [
            (text, label, arguments)
            for label, arguments in re.findall(
                r'^module "(\w+)" \{\n(.*?)^\}', text, re.MULTILINE | re.DOTALL
            )
            if re.search(rf'^  source +?= "{source}/{module.name}"$', arguments, re.MULTILINE)
        ]
    assert found, f"{name(module)} is not called"
    return found


@pytest.mark.parametrize("module", MODULES, ids=name)
def test_a_module_has_few_variables(module: Path) -> None:
    assert (module / "variables.tf").read_text().count('\nvariable "') < 12


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_a_file_is_short_enough_to_read(path: Path) -> None:
    assert len(path.read_text().splitlines()) <= 150


@pytest.mark.parametrize("path", SOURCES, ids=name)
def test_nothing_runs_outside_the_provider(path: Path) -> None:
    assert not re.findall(
        r"local-exec|remote-exec|null_resource|data \"external\"", path.read_text()
    )


def test_the_environments_set_variables_that_exist() -> None:
    text = "\n".join(path.read_text() for path in sorted(INFRA.glob("*.tf")))
    known = set(re.findall(r'^variable "(\w+)"', text, re.MULTILINE))
    environments = sorted((ROOT / "config/environments").glob("*.tfvars"))
    assert [path.stem for path in environments] == ["development", "production", "staging"]
    for path in environments:
        text = path.read_text()
        assert set(re.findall(r"^(\w+) += ", text, re.MULTILINE)) <= known
        assert re.search(r'^build_stage += "(\w+)"', text, re.MULTILINE)[1] == path.stem  # type: ignore[index]
