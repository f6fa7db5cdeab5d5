"""Deploy this repository to this machine by a push, and follow it: what `make local-gitops` calls.

    python deployment-scripts/local_gitops.py
    python deployment-scripts/local_gitops.py --commit my-branch
    IMAGE=build APPROVE=ask python deployment-scripts/local_gitops.py

Starts localaws, runs deploy-codepipeline.sh against it, and pushes a commit of this checkout to the
repository that the pipeline watches. Then it follows the run to its end, answers the approval of the plan
unless APPROVE is ask, and follows the ML pipeline, which the upload of the commit has started. Only what is
committed is pushed. Run it again after the next commit: only what has changed is deployed.
"""

from __future__ import annotations

import argparse
import os
import sys
import time
from collections.abc import Mapping
from typing import Any

from landing_zone.commands.local import SCRIPTS, LocalAws, StepFailedError
from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.git import Git
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings, load_settings
from landing_zone.core.timing import Steps
from landing_zone.delivery.follow import Delivery, lineage
from landing_zone.delivery.names import CicdNames

REPOSITORY = "local/landing-zone"
# Quick tests only: with those of the jobs and the linters, the check of a push takes minutes.
TESTS = "tests/unit/config tests/unit/state_machines tests/unit/lambdas"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--commit", default="HEAD", help="what to push: a commit; default: HEAD")
    parser.add_argument(
        "--no-run", action="store_true", help="stop after the delivery; the ML pipeline goes on"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    steps = Steps()
    try:
        deliver(args, settings, steps)
    except StepFailedError as error:
        return error.code
    finally:
        print(f"\n{steps.table('make local-gitops took')}")
    return 0


def deliver(args: argparse.Namespace, settings: Settings, steps: Steps) -> None:
    """Start, deploy the pipeline, push, follow."""
    commit = Git(ROOT).run("rev-parse", f"{args.commit}^{{commit}}")
    warn_of_changes(Git(ROOT).run("status", "--porcelain", "--untracked-files=no"))
    localaws = LocalAws({**gitops_environment(os.environ)})
    with steps.step("localaws"):
        localaws.start()
    settings = _local_settings(localaws, settings)
    aws = Aws(settings)
    names = CicdNames(Names(settings, aws.account))
    with steps.step("deploy-codepipeline"):
        localaws.script(
            "bash", str(SCRIPTS / "deploy-codepipeline.sh"), "--yes", "--quiet", "--no-wait"
        )
    connection = find_connection(aws.client("codeconnections"), names.connection)
    if connection["ConnectionStatus"] != "AVAILABLE":
        with steps.step("handshake"):
            localaws.script(
                sys.executable, "-m", "localaws", "connect", names.connection, REPOSITORY,
                "--region", settings.region,
            )  # fmt: skip
    delivery = Delivery(aws, names, settings)
    known = delivery.executions()
    branch = delivery.branch()
    started = time.time()
    with steps.step("push"):
        _push(f"{settings.endpoint_url}/{REPOSITORY}.git", commit, branch)
    execution = delivery.wait_for_start(known, commit)
    run = delivery.follow(execution, approve=settings.approve == "auto", commit=commit)
    for stage, seconds in delivery.stage_seconds(run).items():
        steps.seconds[f"  {stage}"] = seconds
    applied = delivery.applied_seconds(run, started)
    if applied is not None:
        print(f"from the push to the end of Apply: {applied:.0f} s")
    if args.no_run:
        return
    with steps.step("ML pipeline"):
        localaws.script(sys.executable, str(SCRIPTS / "run.py"), "--take-over")
    print(lineage(aws, settings, commit))


def gitops_environment(environ: Mapping[str, str]) -> dict[str, str]:
    """The settings of the pipeline on this machine, where the person has not set them."""
    return {
        **environ,
        # Builds on localaws have the PATH of the server: they find Python with all packages, and checkov.
        "PATH": os.pathsep.join(
            [str(ROOT / ".venv/bin"), str(ROOT / ".checkov/bin"), environ.get("PATH", "")]
        ),
        "FULL_REPOSITORY_ID": REPOSITORY,
        "SOURCE_PROVIDER": "connection",
        # The tag of the image whose programs localaws runs without building it.
        "IMAGE": environ.get("IMAGE") or "local",
        "TEST_PATHS": environ.get("TEST_PATHS") or TESTS,
        "LOCALAWS_IAM": environ.get("LOCALAWS_IAM") or "off",
    }


def find_connection(api: Any, name: str) -> dict[str, Any]:
    """The connection that cicd/ has created."""
    # boto3 has no paginator for it.
    options: dict[str, str] = {}
    while True:
        page = api.list_connections(**options)
        for connection in page["Connections"]:
            if connection["ConnectionName"] == name:
                return dict(connection)
        if not page.get("NextToken"):
            break
        options = {"NextToken": page["NextToken"]}
    raise OperatorError(f"there is no connection {name}: deploy-codepipeline.sh creates it")


def warn_of_changes(status: str) -> None:
    """Git has only what is committed."""
    if status:
        count = len(status.splitlines())
        print(f"{count} changed files are not committed: they are not part of what is pushed")


def _local_settings(localaws: LocalAws, settings: Settings) -> Settings:
    environment = localaws.environment()
    # boto3 reads its credentials from here.
    os.environ.update(environment)
    return load_settings({**environment, "APPROVE": settings.approve})


def _push(url: str, commit: str, branch: str) -> None:
    # A clone with cut history cannot be pushed to an empty repository.
    done = Git(ROOT).call("push", "--force", url, f"{commit}:refs/heads/{branch}")
    if done.returncode:
        raise OperatorError(f"git push to {url} failed: {done.stderr.strip()}")
    if "Everything up-to-date" in done.stderr:
        raise OperatorError(
            f"{branch} is at {commit[:12]} already, so nothing starts. Commit a change, or name another "
            "commit with --commit"
        )
    print(f"pushed {commit[:12]} to {branch} of {url}")
