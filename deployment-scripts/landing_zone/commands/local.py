"""Run the main job on this machine, or remove it: what `make local` and `make local-down` call.

    python deployment-scripts/local.py up
    python deployment-scripts/local.py up --scenario rollout
    USE_CASE=iris python deployment-scripts/local.py up --scenario drift
    python deployment-scripts/local.py down

It starts localaws and runs quick-deploy.sh and run.py against it, as a person would: with the role of
infra/deployer/, and with IAM policies enforced unless LOCALAWS_IAM says otherwise. A scenario then shows a
story. Two of them have an endpoint of their own, which is deleted at the end: rollout (a second configuration
is rolled out in steps while a client calls, and aborted) and ab (traffic is divided between two variants,
changed, and one is promoted). The scenario drift concerns the endpoint of the use case, on a localaws with a
fast clock: a column shifts, the alarm starts a retraining, and a better model serves at the end. The action
story shows a scenario on what runs already.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import PROD, Names, endpoint_name
from landing_zone.core.settings import (
    LOCALAWS_PORT,
    LOCALAWS_STATE_DIR,
    ROOT,
    Settings,
    load_settings,
)
from landing_zone.core.timing import Steps
from landing_zone.models.story import Story
from landing_zone.monitoring import story as drift_story
from landing_zone.runs.pipeline import Pipeline
from landing_zone.sources.checkout import read_use_case, use_case_to_run
from landing_zone.stack import deployer

SCRIPTS = ROOT / "deployment-scripts"
SCENARIOS = ("rollout", "ab", "drift")


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "action",
        choices=("up", "down", "story"),
        help="start and run, or remove, or show a scenario",
    )
    parser.add_argument("--scenario", choices=SCENARIOS, help="shown after the main job")
    parser.add_argument(
        "--since", type=float, default=0.0, help="seconds since 1970 at which `make local` began"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    if args.action == "story":
        tell(args.scenario or SCENARIOS[0], settings)
        return 0
    try:
        if args.action == "down":
            down(LocalAws(os.environ))
            return 0
        steps = Steps()
        if args.since:
            steps.seconds["environment"] = time.time() - args.since
        try:
            localaws = LocalAws(environment_of(args.scenario, settings))
            try:
                up(localaws, steps)
            except StepFailedError:
                denials = localaws.denials()
                if denials:
                    print(f"\nIAM has denied:\n{denials}", file=sys.stderr)
                raise
            if args.scenario:
                with steps.step(f"scenario {args.scenario}"):
                    localaws.script(
                        sys.executable,
                        str(SCRIPTS / "local.py"),
                        "story",
                        "--scenario",
                        args.scenario,
                    )
        finally:
            print(f"\n{steps.table('make local took')}")
    except StepFailedError as error:
        return error.code
    return 0


class StepFailedError(Exception):
    """Raised when a script ends with an exit code other than 0; it has printed why."""

    def __init__(self, code: int) -> None:
        super().__init__(code)
        self.code = code


class LocalAws:
    """The commands of localaws, and scripts that are run against it."""

    def __init__(
        self,
        environ: Mapping[str, str],
        program: Sequence[str] = (sys.executable, "-m", "localaws"),
    ) -> None:
        self._environment = local_environment(environ)
        self._program = program
        self._deployer: Mapping[str, str] = {}

    def start(self) -> None:
        _run([*self._program, "start"], self._environment)

    def stop(self) -> None:
        _run([*self._program, "stop"], self._environment)

    def clean(self) -> None:
        """Remove the files that the stopped server has left in its state directory."""
        _run([*self._program, "clean"], self._environment)

    def script(self, *command: str) -> None:
        """Run a script with the address of the running server."""
        _run(command, self.environment())

    def environment(self) -> dict[str, str]:
        """The environment of a script, with the address of the running server."""
        return {
            **self._environment,
            "AWS_ENDPOINT_URL": self.status()["endpoint_url"],
            **self._deployer,
        }

    def become_deployer(self) -> None:
        """Run further scripts with the role that deploys, which is created if it does not exist."""
        environment = self.environment()
        settings = load_settings(environment)
        aws = Aws(settings, environment)
        self._deployer = deployer.assume(aws, deployer.create(aws, settings, aws.account))

    def denials(self) -> str:
        """What IAM has denied, and the statements that are missing; empty where nothing was."""
        if self._environment["LOCALAWS_IAM"] == "off" or not self.is_running:
            return ""
        done = subprocess.run(
            [*self._program, "iam", "explain"],
            env=self._environment, cwd=ROOT, check=False, capture_output=True, text=True,
        )  # fmt: skip
        return "" if done.stdout.startswith("nothing was denied") else done.stdout.strip()

    def status(self) -> dict[str, Any]:
        """The document of `localaws status --json`: a stopped server has no endpoint_url."""
        done = subprocess.run(
            [*self._program, "status", "--json"],
            env=self._environment, cwd=ROOT, check=False, capture_output=True, text=True,
        )  # fmt: skip
        try:
            document: dict[str, Any] = json.loads(done.stdout)
        except ValueError as error:
            raise OperatorError(
                f"localaws status --json printed {done.stdout!r}, which is no JSON: {done.stderr}"
            ) from error
        return document

    @property
    def is_running(self) -> bool:
        return "endpoint_url" in self.status()


def up(localaws: LocalAws, steps: Steps) -> None:
    """Start localaws unless it runs, deploy, run the main job."""
    with steps.step("localaws"):
        localaws.start()
        localaws.become_deployer()
    with steps.step("quick-deploy"):
        localaws.script("bash", str(SCRIPTS / "quick-deploy.sh"), "--yes", "--quiet")
    with steps.step("run"):
        localaws.script(sys.executable, str(SCRIPTS / "run.py"), "--take-over")


def environment_of(scenario: str | None, settings: Settings) -> Mapping[str, str]:
    """The environment, with what the scenario needs of localaws and the deployment unless it is set."""
    if scenario != "drift":
        return os.environ
    return {**drift_story.settings_of(use_case_to_run(settings)), **os.environ}


def tell(scenario: str, settings: Settings) -> None:
    """Show a scenario on the AWS that the settings name, and remove the endpoint that it has made."""
    aws, use_case = Aws(settings), use_case_to_run(settings)
    known = read_use_case(use_case)
    if scenario == "drift":
        drift_story.settings_of(use_case)
        drift_story.Story(
            aws,
            Pipeline(aws, load_deployment(aws, settings)),
            Names(settings, aws.account).drift_machine_arn,
            endpoint_name(settings.prefix, use_case, PROD),
            use_case,
            known.training_sample,
            known.target,
        ).tell()
        return
    row = known.inference_sample.read_bytes().splitlines(keepends=True)[0]
    story = Story(aws, f"{settings.prefix}-{use_case}", row)
    try:
        story.rollout() if scenario == "rollout" else story.ab()
    finally:
        story.remove()


def down(localaws: LocalAws) -> None:
    """Destroy what was deployed, stop localaws, remove its files."""
    if localaws.is_running:
        localaws.become_deployer()
        localaws.script("bash", str(SCRIPTS / "quick-destroy.sh"), "--yes", "--quiet")
        localaws.stop()
    else:
        print("localaws is not running, so nothing is deployed to it")
    localaws.clean()


def local_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The environment of localaws and the scripts, without any real credentials or profiles."""
    _, wrong_port = LOCALAWS_PORT.read(environ)
    if wrong_port:
        raise OperatorError(wrong_port)
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
        "LOCALAWS_IAM": environ.get("LOCALAWS_IAM") or "enforce",
        # A person's own files may name a profile, a region, another endpoint.
        "AWS_CONFIG_FILE": os.devnull,
        "AWS_SHARED_CREDENTIALS_FILE": os.devnull,
        # A relative path counts from the checkout.
        "LOCALAWS_STATE_DIR": str(ROOT / LOCALAWS_STATE_DIR.read(environ)[0]),
        # An image of any repository of the account runs the programs of our own image.
        "LOCALAWS_IMAGES": f"*={ROOT / 'workflow/container'}",
        "PYTHON": sys.executable,
    }


def _run(command: Sequence[str], environment: Mapping[str, str]) -> None:
    sys.stdout.flush()
    code = subprocess.run(command, env={**environment}, cwd=ROOT, check=False).returncode
    if code:
        raise StepFailedError(code)
