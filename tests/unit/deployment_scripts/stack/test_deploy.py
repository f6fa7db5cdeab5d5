"""Two deploys at once: each applies the plan that it has shown, or nothing."""

from __future__ import annotations

import os
import stat
from pathlib import Path

import pytest

from landing_zone.core.errors import OperatorError
from landing_zone.core.timing import Steps
from landing_zone.stack.deploy import deploy_stack
from landing_zone.stack.terraform import Terraform

# plan writes the operator's name into the plan file, apply appends the plan file to `applied`.
FAKE_TERRAFORM = """#!/bin/sh
for last; do
  case "$last" in -out=*) out="${last#-out=}" ;; esac
done
case "$2" in
  plan) echo "plan of $OPERATOR" > "$out"; exit 2 ;;
  apply) cat "$last" >> "$APPLIED" ;;
esac
"""


@pytest.fixture
def applied(tmp_path: Path) -> Path:
    return tmp_path / "applied"


def operator(tmp_path: Path, name: str) -> Terraform:
    """Terraform of one of two operators who deploy from the same checkout to the same target."""
    program = tmp_path / "terraform"
    program.write_text(FAKE_TERRAFORM)
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    (tmp_path / "infra").mkdir(exist_ok=True)
    (tmp_path / "data").mkdir(exist_ok=True)
    environment = {
        "PATH": os.environ["PATH"],
        "TF_DATA_DIR": str(tmp_path / "data"),
        "OPERATOR": name,
        "APPLIED": str(tmp_path / "applied"),
    }
    variables = tmp_path / "development.tfvars"
    return Terraform(str(program), environment, {"bucket": "b"}, variables, tmp_path / "infra")


def test_the_shown_plan_is_applied_although_another_deploy_has_planned_since(
    tmp_path: Path, applied: Path
) -> None:
    def confirm() -> bool:
        with pytest.raises(OperatorError, match="not applied"):
            deploy_stack(operator(tmp_path, "B"), Steps(), confirm=lambda: False)
        return True

    deploy_stack(operator(tmp_path, "A"), Steps(), confirm=confirm)

    assert applied.read_text() == "plan of A\n"


def test_a_plan_changed_since_it_was_shown_is_not_applied(tmp_path: Path, applied: Path) -> None:
    def confirm() -> bool:
        (plan,) = (tmp_path / "data").rglob("*.tfplan")
        plan.write_text("plan of C\n")
        return True

    with pytest.raises(OperatorError, match="is not the plan that was shown"):
        deploy_stack(operator(tmp_path, "A"), Steps(), confirm=confirm)

    assert not applied.exists()


@pytest.mark.parametrize("answer", [True, False])
def test_no_plan_file_is_left(tmp_path: Path, answer: bool) -> None:
    try:
        deploy_stack(operator(tmp_path, "A"), Steps(), confirm=lambda: answer)
    except OperatorError:
        assert not answer

    assert [path.name for path in (tmp_path / "data").iterdir()] == ["initialised"]
