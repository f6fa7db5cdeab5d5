"""One step of the delivery, in the project's own environment, which it makes first; --help says more."""

import os
import subprocess
import sys
from pathlib import Path

from landing_zone.core.cli import start
from landing_zone.core.settings import ROOT

# The steps that need the linters, the tests or the rules of policy/; the others need what is deployed.
WITH_TOOLS = {"drift", "lint", "plan", "test"}


def use_environment(arguments: list[str]) -> None:
    """Continue in .venv, after venv.sh has brought it up to date."""
    folder = ROOT / ".venv"
    name = "test" if WITH_TOOLS & set(arguments) else "base"
    subprocess.run(["bash", str(ROOT / "deployment-scripts/venv.sh"), name], check=True)
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin/python")
        os.execv(python, [python, *sys.orig_argv[1:]])  # noqa: S606 - the same command, another Python


if __name__ == "__main__":
    if not {"--help", "-h"} & set(sys.argv):
        use_environment(sys.argv[1:])
    start(__file__)
