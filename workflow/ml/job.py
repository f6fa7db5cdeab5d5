"""Run a job's ``main``, and report a failure as SageMaker expects it: a reason in a file and an exit code."""

from __future__ import annotations

import argparse
import sys
import traceback
from collections.abc import Callable
from pathlib import Path

from ml.errors import JobError

# SageMaker keeps the first 1,024 characters of /opt/ml/output/failure and the first KB of
# /opt/ml/output/message, and puts "AlgorithmError: ", and ", exit code: N" around them.
REASON_BYTES = 960


def add_message_option(parser: argparse.ArgumentParser) -> None:
    """--message of a processing job; a training job has --failure instead."""
    parser.add_argument(
        "--message",
        type=Path,
        default=Path("/opt/ml/output/message"),
        help="file for the reason of a failure; SageMaker shows it as ExitMessage",
    )


def shorten(text: str, limit: int = REASON_BYTES) -> str:
    """At most `limit` bytes of UTF-8, cut between characters, with "..." where something is missing."""
    encoded = text.encode("utf-8", errors="replace")
    if len(encoded) <= limit:
        return encoded.decode("utf-8")
    return encoded[: limit - 3].decode("utf-8", errors="ignore") + "..."


def run(job: Callable[[], None], *, reason_file: Path, exit_code: int) -> int:
    """Run `job`; on failure write the reason to `reason_file` and stderr, and return `exit_code`."""
    try:
        job()
    except JobError as error:
        print(error.details(), file=sys.stderr, flush=True)
        _write_reason(reason_file, str(error))
        return exit_code
    except Exception as error:  # a fault of the code, not of the data: the log needs the traceback
        traceback.print_exc()
        _write_reason(reason_file, f"{type(error).__name__}: {error}")
        return exit_code
    return 0


def _write_reason(reason_file: Path, reason: str) -> None:
    try:
        reason_file.parent.mkdir(parents=True, exist_ok=True)
        reason_file.write_text(shorten(reason), encoding="utf-8")
    except OSError as error:  # by hand on a laptop there may be no /opt/ml; stderr has the reason
        print(f"note: could not write {reason_file}: {error}", file=sys.stderr)
