"""make local and make local-down: localaws, and the shipped scripts pointed at it; nothing else."""

from __future__ import annotations

import argparse
import json
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from landing_zone import cli
from landing_zone.errors import OperatorError
from landing_zone.settings import LOCALAWS_PORT, LOCALAWS_STATE_DIR, ROOT, Settings
from landing_zone.timing import Steps

SCRIPTS = ROOT / "deployment-scripts"


def local_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of the scripts: real credentials and profiles must not get near localaws."""
    kept = {
        key: value
        for key, value in environ.items()
        if not key.startswith("AWS_") or key in {"AWS_REGION", "AWS_DEFAULT_REGION"}
    }
    return {
        **kept,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_EC2_METADATA_DISABLED": "true",
        # This person's own settings may name a profile, a region, another endpoint.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        "LOCALAWS_STATE_DIR": str(state_dir(environ)),
        "PYTHON": sys.executable,
    }


def state_dir(environ: Mapping[str, str]) -> Path:
    """Where localaws keeps its files; relative names count from the checkout."""
    return ROOT / LOCALAWS_STATE_DIR.read(environ)[0]


def endpoint_url(folder: Path) -> str | None:
    """Where the localaws of this folder answers; None when none is recorded."""
    try:
        return str(json.loads((folder / "localaws.json").read_text())["endpoint_url"])
    except (OSError, ValueError, KeyError):
        return None


def up(environ: Mapping[str, str], steps: Steps) -> None:
    """Start localaws unless it runs, deploy, run the main job."""
    _, wrong_port = LOCALAWS_PORT.read(environ)
    if wrong_port:
        raise OperatorError(wrong_port)
    own = local_environment(environ)
    with steps.step("localaws"):
        _run([sys.executable, "-m", "localaws", "start"], own)
    own["AWS_ENDPOINT_URL"] = endpoint_url(state_dir(environ)) or ""
    with steps.step("quick-deploy"):
        _run(["bash", str(SCRIPTS / "quick-deploy.sh"), "--yes", "--quiet"], own)
    with steps.step("run"):
        _run([sys.executable, str(SCRIPTS / "run.py"), "--take-over"], own)


def down(environ: Mapping[str, str]) -> None:
    """Destroy what was deployed, stop localaws, remove its files."""
    own = local_environment(environ)
    folder = state_dir(environ)
    localaws = [sys.executable, "-m", "localaws"]
    asked = subprocess.run(
        [*localaws, "status"], env=own, cwd=ROOT, check=False, capture_output=True
    )
    if asked.returncode == 0:
        own["AWS_ENDPOINT_URL"] = endpoint_url(folder) or ""
        _run(["bash", str(SCRIPTS / "quick-destroy.sh"), "--yes", "--quiet"], own)
        _run([*localaws, "stop"], own)
    else:
        print("localaws does not run, so nothing is deployed to it")
    # By name: the folder is the person's choice and may hold other things.
    for name in ("localaws.json", "localaws.log"):
        (folder / name).unlink(missing_ok=True)
    shutil.rmtree(folder / "work", ignore_errors=True)
    if folder.is_dir() and not any(folder.iterdir()):
        folder.rmdir()


class StepFailedError(Exception):
    """A script ended with an exit code other than 0; it has said why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    sys.stdout.flush()
    code = subprocess.run(command, env={**environment}, cwd=ROOT, check=False).returncode
    if code:
        raise StepFailedError(code)


def command(args: argparse.Namespace, _: Settings) -> int:
    try:
        if args.what == "down":
            down(os.environ)
            return 0
        steps = Steps()
        if args.since:
            steps.seconds["environment"] = time.time() - args.since
        try:
            up(os.environ, steps)
        finally:
            print(f"\n{steps.table('make local took')}")
    except StepFailedError as error:
        return error.code
    return 0


def main() -> int:
    """From a clone to predictions on this machine, and back: what `make local` and `make local-down` call.

    python deployment-scripts/local.py up
    python deployment-scripts/local.py down
    """
    arguments = cli.parser(main.__doc__)
    arguments.add_argument("what", choices=("up", "down"), help="start and run, or remove")
    arguments.add_argument(
        "--since", type=float, default=0.0, help="seconds since 1970 at which it all began"
    )
    return cli.run_command(command, arguments)
