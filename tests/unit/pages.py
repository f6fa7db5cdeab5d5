"""The pages of the repository, as the tests of the documentation read them."""

from __future__ import annotations

import contextlib
import io
import os
import re
import subprocess
import sys
from functools import cache
from pathlib import Path
from unittest.mock import patch

from landing_zone.core.cli import start

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT / "deployment-scripts"
FENCE = re.compile(r"^ *```\w*\n.*?^ *```$", re.MULTILINE | re.DOTALL)
SPAN = re.compile(r"`([^`\n]+)`")


def files(suffix: str) -> list[Path]:
    """Every file of the repository with this suffix, without environments and built files."""
    found = []
    for folder, folders, names in os.walk(ROOT):
        folders[:] = [f for f in folders if not f.startswith(".") and f not in {"build", "dist"}]
        found += [Path(folder) / name for name in names if name.endswith(suffix)]
    return sorted(found)


def name_of(page: Path) -> str:
    return page.relative_to(ROOT).as_posix()


@cache
def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


@cache
def help_of(script: str) -> str:
    """What a script prints for --help.

    Starting a Python for each of them takes half a minute, so a script that only names its command is not
    started: the command runs here.
    """
    # Wide enough that argparse does not break an option in two.
    with patch.dict(os.environ, COLUMNS="200"):
        if not _only_names_its_command(script):
            program = "bash" if script.endswith(".sh") else sys.executable
            return subprocess.run(
                [program, str(SCRIPTS / script), "--help"],
                cwd=ROOT, capture_output=True, text=True, check=True, stdin=subprocess.DEVNULL, timeout=120,
            ).stdout  # fmt: skip
        printed = io.StringIO()
        with (
            patch.object(sys, "argv", [script, "--help"]),
            contextlib.redirect_stdout(printed),
            contextlib.suppress(SystemExit),
        ):
            start(script)
        return printed.getvalue()


def _only_names_its_command(script: str) -> bool:
    lines = text_of(SCRIPTS / script).splitlines()
    if script.endswith(".sh"):
        return lines[-3:] == [
            'if [[ "${BASH_SOURCE[0]}" == "$0" ]]; then', f'  lz::exec {script} "$@"', "fi"
        ]  # fmt: skip
    return lines[-2:] == ['if __name__ == "__main__":', "    start(__file__)"]
