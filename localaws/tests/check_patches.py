"""Check that every patch of moto is needed: its test must fail without it. See docs/raising-moto.md.

python localaws/tests/check_patches.py           # all patches
python localaws/tests/check_patches.py moto.s3   # those whose target contains this text
"""
# ruff: noqa: T201 - a command that a person runs

from __future__ import annotations

import os
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from moto import __version__

from localaws.patch import Patch
from localaws.patches import INTERPRETER_PATCHES, PATCHES

ROOT = Path(__file__).parents[2]


def run(*arguments: str) -> tuple[str, list[str]]:
    """Run pytest; returns the line with its counts, and a line for each test that did not pass."""
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-q", "--tb=no", "-n", "0", *arguments],
        cwd=ROOT, capture_output=True, text=True, check=False,
        # pytest cuts its lines off at the width of the terminal.
        env=os.environ | {"COLUMNS": "400"},
    )  # fmt: skip
    lines = (done.stdout.strip() or done.stderr.strip()).splitlines()
    return lines[-1], [line for line in lines if line.startswith(("FAILED", "ERROR"))]


def is_needed(patch: Patch) -> bool:
    """Run the test of a patch without it. An error, such as a server that does not start, proves nothing."""
    counts, problems = run("--without-patch", patch.target, patch.test)
    needed = bool(problems) and all(line.startswith("FAILED") for line in problems)
    reason = problems[0].partition(" - ")[2] if problems else counts
    print(f"{'needed' if needed else 'NOT NEEDED':12}{patch.target}\n{'':12}{reason}", flush=True)
    return needed


def main(text: str = "") -> int:
    """Run the tests with all patches, then each test without its patch; returns the exit code."""
    chosen = [patch for patch in (*PATCHES, *INTERPRETER_PATCHES) if text in patch.target]
    counts, problems = run(*sorted({patch.test for patch in chosen}))
    print(f"moto {__version__}, {len(chosen)} patches. Their tests with all patches: {counts}")
    if problems or "passed" not in counts:
        print("\n".join(problems))
        return 1
    with ThreadPoolExecutor(2) as pool:
        return 0 if all(list(pool.map(is_needed, chosen))) else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
