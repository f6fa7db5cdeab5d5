"""deployment-scripts/tflint.sh without tflint, and with a fake that prints its arguments."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deployment-scripts/tflint.sh"


def run(folder: Path) -> subprocess.CompletedProcess[str]:
    for tool in ("bash", "dirname"):
        (folder / tool).symlink_to(shutil.which(tool) or tool)
    environment = {**os.environ, "PATH": str(folder)}
    return subprocess.run(
        ["bash", SCRIPT, "--fix"], env=environment, capture_output=True, text=True, check=False
    )


def test_a_missing_tflint_is_reported_with_its_link(tmp_path: Path) -> None:
    done = run(tmp_path)
    assert done.returncode == 0
    assert "not installed" in done.stdout
    assert "https://github.com/terraform-linters/tflint" in done.stdout


@pytest.mark.parametrize("code", [0, 2])
def test_tflint_checks_every_module_and_its_exit_code_counts(tmp_path: Path, code: int) -> None:
    tool = tmp_path / "tflint"
    tool.write_text(f'#!/bin/sh\necho "$@"\ncase "$1" in --init) exit 0;; esac\nexit {code}\n')
    tool.chmod(0o755)
    done = run(tmp_path)
    assert done.returncode == code
    assert done.stdout.splitlines() == [
        f"--init --config={ROOT}/.tflint.hcl",
        f"--config={ROOT}/.tflint.hcl --chdir={ROOT}/infra --recursive --fix",
    ]
