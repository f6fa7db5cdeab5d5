"""The steps that look at a commit before anything is planned: lint, policy, test."""

from __future__ import annotations

import os
import re
import shlex
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from collections.abc import Mapping, Sequence
from pathlib import Path

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

TESTS = ROOT / "build/ci/test"
LINTERS = ("lint-python", "lint-shell", "lint-docker", "lint-terraform", "lint-workflows")
# What the coverage is measured of.
_MEASURED = ("deployment-scripts/landing_zone", "lambdas", "workflow")
_MOST_NAMES = 5


def lint() -> None:
    """What `make lint` does, without checkov, which is a step of its own."""
    # This Python has the linters, so make need not install them.
    tools = ["--old-file=venv", "--old-file=venv-test", f"BIN={Path(sys.executable).parent}"]
    _run(
        ["make", *tools, *LINTERS],
        "the linters found something (above). Try `make lint`",
        linter_caches(Path(sys.prefix)),
    )


def linter_caches(environment: Path) -> dict[str, str]:
    """Where mypy and ruff keep what they know of unchanged files: beside the environment that they run from.

    On localaws that is the checkout, whose `make lint` has filled them. Both compare the content of a file.
    """
    return {
        "MYPY_CACHE_DIR": str(environment.parent / ".mypy_cache"),
        "RUFF_CACHE_DIR": str(environment.parent / ".ruff_cache"),
    }


def policy() -> None:
    """checkov on the Terraform; the rules for plans are part of the step plan."""
    found = "checkov found something (above). Try `make checkov`"
    program = installed_checkov(os.environ.get("PATH", ""), pinned_checkov())
    if program:
        for root in ("infra", "cicd"):
            command = [str(program), "--config-file", ".checkov.yaml", "--directory", root]
            _run([*command, "--quiet"], found)
    else:
        _run(["make", "checkov"], found)


def pinned_checkov(root: Path = ROOT) -> str:
    """The version in the lock file."""
    text = (root / "requirements/checkov.txt").read_text(encoding="utf-8")
    found = re.search(r"^checkov==([^\s;\\]+)", text, re.MULTILINE)
    return found[1] if found else ""


def installed_checkov(path: str, version: str) -> Path | None:
    """A checkov on PATH, when its environment has the pinned version."""
    found = shutil.which("checkov", path=path)
    if not found:
        return None
    # Asking the program itself takes seconds.
    environment = Path(found).parent.parent
    pattern = f"lib/python3*/site-packages/checkov-{version}.dist-info"
    return Path(found) if any(environment.glob(pattern)) else None


def test(paths: str, folder: Path = TESTS) -> None:
    """Run the tests with a report of the cases (JUnit) and of the coverage (Cobertura)."""
    folder.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "pytest", "-q", "-n", str(workers(paths, os.cpu_count() or 1))]
    command += ["--dist", "loadfile", f"--junitxml={folder / 'junit.xml'}"]
    command += [f"--cov={name}" for name in _MEASURED]
    command += [f"--cov-report=xml:{folder / 'coverage.xml'}", *shlex.split(paths)]
    code = _call(command, {})
    if code:
        failed = failed_tests(folder / "junit.xml")
        raise OperatorError(
            f"pytest ended with exit code {code}; {describe(failed)}. On your machine: "
            f".venv/bin/python -m pytest {failed[0] if failed else paths}"
        )


def workers(paths: str, most: int, root: Path = ROOT) -> int:
    """How many processes run the tests: a file stays in one, and 0 is pytest itself, which starts sooner."""
    files = 0
    for argument in shlex.split(paths):
        path = root / argument.split("::")[0]
        files += len(list(path.rglob("test_*.py"))) if path.is_dir() else 1
    return min(files, most) if files > 1 else 0


def failed_tests(junit: Path) -> list[str]:
    """The names of the tests that failed, as the report has them."""
    if not junit.is_file():
        return []
    # Written by pytest, in this build.
    tree = ElementTree.parse(junit)  # noqa: S314
    return [
        f"{case.get('classname', '').replace('.', '/')}.py::{case.get('name')}"
        for case in tree.iter("testcase")
        if case.find("failure") is not None or case.find("error") is not None
    ]


def describe(failed: Sequence[str]) -> str:
    """The failed tests in a sentence."""
    if not failed:
        return "no test failed, so pytest itself did (above)"
    more = f" and {len(failed) - _MOST_NAMES} more" if len(failed) > _MOST_NAMES else ""
    return f"{len(failed)} failed: {', '.join(failed[:_MOST_NAMES])}{more}"


def _run(command: Sequence[str], failure: str, more: Mapping[str, str] | None = None) -> None:
    code = _call(command, more or {})
    if code:
        raise OperatorError(f"{' '.join(command)} ended with exit code {code}: {failure}")


def _call(command: Sequence[str], more: Mapping[str, str]) -> int:
    sys.stdout.flush()
    environment = {**_environment(os.environ), **more}
    return subprocess.run(command, cwd=ROOT, env=environment, check=False).returncode


def _environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of the run are not those of the tests."""
    settings = ("SERVICE", "BUILD_STAGE", "STATE_BUCKET", "IMAGE", "IMAGE_TAG", "BRANCH")
    return {key: value for key, value in environ.items() if key not in settings}
