"""Remove the pipeline that deploy-codepipeline.sh has made, with its plans, artifacts, builds and logs.

    bash deployment-scripts/quick-destroy.sh
    bash deployment-scripts/destroy-codepipeline.sh

Refuses while the deployment itself exists: without the pipeline nobody would see that it goes on and costs
money. --force removes the pipeline alone. A CodeCommit repository that cicd/ has created is deleted with all
its commits.
"""

from __future__ import annotations

import argparse
import os
import shutil

from landing_zone.commands.common import add_confirmation_options
from landing_zone.core.aws import Aws
from landing_zone.core.cli import confirm
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import Settings
from landing_zone.core.timing import Steps
from landing_zone.delivery.progress import state_tag
from landing_zone.delivery.removal import PipelineResources
from landing_zone.delivery.settings import cicd_root, load_cicd_settings
from landing_zone.stack import locks
from landing_zone.stack.teardown import CICD_STATE
from landing_zone.stack.terraform import infra_root, make_terraform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_confirmation_options(parser, "remove without asking")
    parser.add_argument(
        "--force", action="store_true", help="remove the pipeline although the deployment remains"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    names = Names(settings, aws.account)
    deployed = deployed_resources(aws, names)
    if deployed and not args.force:
        raise OperatorError(
            f"{settings.prefix} still has {deployed} resources: run quick-destroy.sh first, or pass "
            "--force to remove the pipeline alone. Nothing was removed"
        )
    if not args.yes and not confirm(f"Remove the pipeline of {aws.target}?"):
        raise OperatorError("nothing was removed. Say yes, or pass --yes")
    steps = Steps()
    with locks.checkout_lock("destroy-codepipeline.sh"):
        destroy(aws, names, steps, quiet=args.quiet, last=not deployed)
    print(steps.table("destroy-codepipeline took"))
    return 0


def deployed_resources(aws: Aws, names: Names) -> int:
    """How many resources the state of infra/ has."""
    if not state_tag(aws.client("s3"), names.state_bucket, names.settings.state_key):
        return 0
    terraform = make_terraform(names, os.environ, quiet=True, root=infra_root(names.settings))
    terraform.init()
    return len(terraform.resources())


def destroy(aws: Aws, names: Names, steps: Steps, *, quiet: bool, last: bool) -> None:
    """Remove everything, in an order in which nothing is made again."""
    resources, s3 = PipelineResources(aws, names), aws.client("s3")
    with steps.step("stop runs and builds"):
        resources.stop_runs()
    with steps.step("artifacts"):
        resources.empty_artifacts()
    settings = names.settings
    if state_tag(s3, names.state_bucket, CICD_STATE):
        cicd = load_cicd_settings(os.environ)
        root = cicd_root(settings, cicd, names.state_bucket)
        if not cicd.repository:
            # Terraform asks for a value, which does not matter for what is in the state.
            placeholder = "none/none" if cicd.provider == "connection" else "none"
            root.values["repository"] = placeholder
        terraform = make_terraform(names, os.environ, quiet=quiet, root=root)
        with (
            steps.step("terraform destroy"),
            locks.explained_state_lock(s3, names, CICD_STATE),
        ):
            terraform.init()
            terraform.destroy()
        shutil.rmtree(terraform.data_dir, ignore_errors=True)
    else:
        print(f"{names.state_bucket} has no {CICD_STATE}: nothing for Terraform to destroy")
    with steps.step("logs and state"):
        resources.remove_logs()
        resources.remove_state(CICD_STATE, last=last)
