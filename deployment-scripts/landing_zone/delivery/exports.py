"""Results of a step for the shell that has started it: the variables that a buildspec exports."""

from __future__ import annotations

import os
import shlex
from collections.abc import Mapping
from pathlib import Path

from landing_zone.core.settings import ROOT

FOLDER = ROOT / "build/ci/variables"


def export(step: str, variables: Mapping[str, str], folder: Path = FOLDER) -> None:
    """Write shell code that exports the variables, and show them.

    In GitHub Actions they become outputs of the step too.
    """
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f"export {name}={shlex.quote(value)}\n" for name, value in variables.items()]
    (folder / f"{step}.sh").write_text("".join(lines), encoding="utf-8")
    for name, value in variables.items():
        print(f"{name}={value}")
    outputs = os.environ.get("GITHUB_OUTPUT")
    if outputs:
        with Path(outputs).open("a", encoding="utf-8") as file:
            # One line each: no value has a line break.
            file.writelines(
                f"{name.lower()}={' '.join(value.split())}\n" for name, value in variables.items()
            )
