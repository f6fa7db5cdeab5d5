"""The data gate, run on a file before a run starts: the preprocess job itself, in a process of its own."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from landing_zone.core.errors import OperatorError
from landing_zone.core.settings import ROOT

JOB = "workflow/preprocess.py"
_TIMEOUT_SECONDS = 600
_VARIABLES = ("PATH", "HOME", "LANG", "LC_ALL", "TMPDIR")
_NUMBERED = re.compile(r"\d+\) ")


@dataclass(frozen=True)
class Verdict:
    """Whether the gate accepts the data; what it says, and each violation."""

    accepted: bool
    summary: str
    lines: tuple[str, ...]


def check_data(file: Path, use_case: dict[str, Any], root: Path = ROOT) -> Verdict:
    """Run the preprocess job on one CSV file, with the use case as the checkout has it.

    Raises:
        OperatorError: the job could not judge the data.
    """
    with tempfile.TemporaryDirectory(prefix="console-gate-") as scratch:
        folder = Path(scratch)
        config, message = folder / "use_case.json", folder / "message"
        config.write_text(json.dumps(use_case), encoding="utf-8")
        (folder / "out").mkdir()
        # The job needs no credentials, and its code is that of the checkout, not the version of a run.
        environ = {name: os.environ[name] for name in _VARIABLES if name in os.environ}
        try:
            done = subprocess.run(
                [
                    sys.executable, str(root / JOB), "--data", str(file.parent), "--config", str(config),
                    "--output", str(folder / "out"), "--message", str(message),
                ],
                capture_output=True, text=True, check=False, env=environ, timeout=_TIMEOUT_SECONDS,
            )  # fmt: skip
        except subprocess.TimeoutExpired as error:
            raise OperatorError(
                f"the data gate has not judged {file.name} within {_TIMEOUT_SECONDS} s: start the run "
                "without a check"
            ) from error
        if done.returncode == 0:
            return Verdict(True, "The data gate accepts the file.", tuple(done.stdout.splitlines()))
        return refusal(done.stderr, message.read_text("utf-8") if message.is_file() else "")


def refusal(errors: str, reason: str) -> Verdict:
    """The verdict in what the job writes when it refuses data."""
    lines = errors.splitlines()
    head = next((line for line in lines if line.startswith("Data refused")), "")
    if not head:
        raise OperatorError(f"the data gate could not judge the file: {reason or errors[-500:]}")
    return Verdict(False, head, tuple(line for line in lines if _NUMBERED.match(line)))
