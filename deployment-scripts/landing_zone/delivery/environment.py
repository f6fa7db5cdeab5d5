"""The Python environment of a step: one that has every package of a lock file already needs no installation.

A build image may have the packages; on localaws the builds find those of the checkout that started it. This
module uses only the standard library, since it runs before anything is installed.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from importlib import metadata
from pathlib import Path

# The steps that need the linters, the tests or the rules of policy/; the others need what is deployed.
WITH_TOOLS = frozenset({"drift", "lint", "plan", "test"})
_PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^]]*\])?==([^\s;\\]+)\s*(;?)", re.MULTILINE)


def use_environment(root: Path, arguments: list[str]) -> None:
    """Continue with a Python that has what the step needs; venv.sh makes one unless this is one."""
    name = "test" if WITH_TOOLS & set(arguments) else "base"
    if is_complete(root / f"requirements/{name}.txt"):
        return
    subprocess.run(["bash", str(root / "deployment-scripts/venv.sh"), name], check=True)
    folder = root / ".venv"
    if Path(sys.prefix).resolve() != folder.resolve():
        python = str(folder / "bin/python")
        os.execv(python, [python, *sys.orig_argv[1:]])  # noqa: S606 - the same command, another Python


def is_complete(lock: Path) -> bool:
    """Whether this Python has every package of the lock file, in one of its versions there."""
    versions: dict[str, set[str]] = {}
    conditional = set()
    for name, version, marker in _PINNED.findall(lock.read_text(encoding="utf-8")):
        versions.setdefault(name, set()).add(version)
        # Another platform or another Python may need it, or need another version.
        if marker:
            conditional.add(name)
    for name, wanted in versions.items():
        try:
            found = metadata.version(name)
        except metadata.PackageNotFoundError:
            if name in conditional:
                continue
            return False
        if found not in wanted:
            return False
    return bool(versions)
