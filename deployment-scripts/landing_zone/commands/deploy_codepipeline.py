"""Deploy the pipeline that deploys this repository: what is pushed is checked, planned, approved and applied.

    FULL_REPOSITORY_ID=OWNER/REPOSITORY bash deployment-scripts/deploy-codepipeline.sh
    SOURCE_PROVIDER=codecommit FULL_REPOSITORY_ID=ml-core bash deployment-scripts/deploy-codepipeline.sh

Shows Terraform's plan of cicd/, asks, applies exactly that plan. A new connection to the Git provider needs
a handshake: the script says how, and waits for it. Run it again after each change of cicd/: the pipeline
plans itself but does not change itself (docs/gitops.md). cicd-env.sh prints the settings.
"""

from __future__ import annotations

import argparse
import os
from typing import Any

from landing_zone.commands.common import add_confirmation_options
from landing_zone.core.aws import Aws
from landing_zone.core.cli import confirm
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings
from landing_zone.core.timing import Steps
from landing_zone.delivery import progress
from landing_zone.delivery.connection import how_to_connect, wait_until_available
from landing_zone.delivery.names import CicdNames
from landing_zone.delivery.settings import cicd_root, load_cicd_settings
from landing_zone.sources.checkout import git_commit
from landing_zone.stack import locks
from landing_zone.stack.deploy import deploy_stack
from landing_zone.stack.state_bucket import ensure_state_bucket
from landing_zone.stack.teardown import CICD_STATE
from landing_zone.stack.terraform import make_terraform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_confirmation_options(parser, "apply without asking")
    parser.add_argument(
        "--no-wait", action="store_true", help="do not wait for the handshake of the connection"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    cicd = load_cicd_settings(os.environ)
    if not cicd.repository:
        raise OperatorError(
            "FULL_REPOSITORY_ID is empty: it names the repository to deploy, OWNER/REPOSITORY behind a "
            "connection or a name with SOURCE_PROVIDER=codecommit. cicd-env.sh prints every setting"
        )
    steps = Steps()
    aws = Aws(settings)
    names = Names(settings, aws.account)
    s3 = aws.client("s3")
    with locks.checkout_lock("deploy-codepipeline.sh"):
        with steps.step("state bucket"):
            ensure_state_bucket(aws, names)
        root = cicd_root(settings, cicd, names.state_bucket)
        terraform = make_terraform(names, os.environ, quiet=args.quiet, root=root)
        with locks.explained_state_lock(s3, names, CICD_STATE):
            deploy_stack(
                terraform,
                steps,
                confirm=lambda: (
                    args.yes or settings.is_local or confirm(f"Apply this plan to {aws.target}?")
                ),
            )
        progress.record(s3, names, CICD_STATE, progress.cicd_hash(), git_commit(ROOT))
        outputs = terraform.outputs()
    # Terraform leaves out what is null.
    if outputs.get("connection_arn") and not args.no_wait:
        with steps.step("handshake"):
            wait_until_available(
                aws.client("codeconnections"),
                outputs["connection_arn"],
                how_to_connect(settings, CicdNames(names).connection, cicd.repository),
                interval=0.5 if settings.is_local else 5.0,
            )
    print(steps.table("deploy-codepipeline took"))
    print(next_steps(outputs))
    return 0


def next_steps(outputs: dict[str, Any]) -> str:
    """What starts a run."""
    if not outputs.get("pipeline_name"):
        roles = ", ".join(sorted(outputs["github_role_arns"]))
        return f"no pipeline (create_pipeline is false); roles of GitHub's workflows: {roles}"
    where = outputs.get("clone_url") or outputs["repository"]
    return f"a push to the branch {outputs['branch']} of {where} starts {outputs['pipeline_name']}"
