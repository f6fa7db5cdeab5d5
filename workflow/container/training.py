"""Run train.py under SageMaker's training contract, and make sure that every failure has a reason.

    workflow/container/train [--train DIR ...]      the options of train.py; SageMaker passes none

train.py reads /opt/ml/input/config/hyperparameters.json and the channels and writes /opt/ml/model; on failure
it writes /opt/ml/output/failure and exits with 255. Two things it cannot do itself: the first process of a
container ignores SIGTERM unless it installs a handler, and a process that is killed writes no reason.
https://docs.aws.amazon.com/sagemaker/latest/dg/your-algorithms-training-algo-running-container.html
"""

from __future__ import annotations

import argparse
import os
import signal
import subprocess
import sys
import threading
from collections import deque
from pathlib import Path
from types import FrameType

FAILURE = Path("/opt/ml/output/failure")
FAILED = 255
REASON_CHARACTERS = 1024  # of the failure file, more is cut off by SageMaker
TAIL_LINES = 20


def main(arguments: list[str]) -> int:
    parser = argparse.ArgumentParser(prog="train", add_help=False, allow_abbrev=False)
    parser.add_argument("--failure", type=Path, default=FAILURE)
    failure: Path = parser.parse_known_args(arguments)[0].failure
    script = Path(__file__).resolve().parents[1] / "train.py"
    stopped = threading.Event()
    processes: list[subprocess.Popen[bytes]] = []

    def stop(_number: int, _frame: FrameType | None) -> None:
        """On StopTrainingJob, end the script at once: nothing of an unfinished fit is worth keeping."""
        stopped.set()
        for process in processes:
            process.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    # -u: a line of the log is in CloudWatch when it is written, not when the job ends.
    process = subprocess.Popen(
        [sys.executable, "-u", str(script), *arguments], stderr=subprocess.PIPE
    )
    processes.append(process)
    if stopped.is_set():
        process.terminate()
    tail: deque[str] = deque(maxlen=TAIL_LINES)
    reader = threading.Thread(target=_copy_stderr, args=(process, tail), daemon=True)
    reader.start()
    code = process.wait()
    reader.join(timeout=5)  # a grandchild may hold the pipe open forever
    if stopped.is_set():
        print("train: stopped by SIGTERM before the end; no model was saved", file=sys.stderr)
        return 128 + signal.SIGTERM
    if code == 0:
        return 0
    _write_reason(failure, _reason(code, list(tail)))
    return FAILED


def _copy_stderr(process: subprocess.Popen[bytes], tail: deque[str]) -> None:
    assert process.stderr is not None
    for line in process.stderr:
        os.write(sys.stderr.fileno(), line)
        tail.append(line.decode("utf-8", "replace").rstrip())


def _reason(code: int, tail: list[str]) -> str:
    if code == -signal.SIGKILL:
        return (
            "train.py was killed (SIGKILL), most often because the memory of the instance did not suffice. "
            "Choose an instance type with more memory, or train on fewer rows."
        )
    if code < 0:
        return f"train.py was ended by signal {-code} ({signal.Signals(-code).name})."
    last = "\n".join(line for line in tail if line.strip())
    return f"train.py ended with exit code {code}: {last or 'it wrote nothing to stderr'}"


def _write_reason(failure: Path, reason: str) -> None:
    """Write the reason unless train.py wrote one itself."""
    try:
        if failure.is_file() and failure.stat().st_size:
            return
        failure.parent.mkdir(parents=True, exist_ok=True)
        # The end of a long log says more than its beginning.
        failure.write_text(reason[-REASON_CHARACTERS:], encoding="utf-8")
    except OSError as error:
        print(f"train: cannot write {failure}: {error}", file=sys.stderr)
    print(f"train: {reason}", file=sys.stderr)
