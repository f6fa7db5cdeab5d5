"""Create the role that deploys, so that neither Terraform nor the scripts need an administrator.

    python deployment-scripts/deployer.py            prints its policies for this service, stage and account
    python deployment-scripts/deployer.py --create   creates the role, or brings its policies up to date

Needs credentials that may create roles and policies. Whoever may assume roles in the account may assume the
role then. Its policies are those of infra/deployer/.
"""

from __future__ import annotations

import argparse
import json

from landing_zone.core.aws import Aws
from landing_zone.core.settings import Settings
from landing_zone.stack import deployer


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--create", action="store_true", help="create the role or update its policies"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    if args.create:
        print(f"created or updated {deployer.create(aws, settings, aws.account)}")
    else:
        print(json.dumps(deployer.policies(settings, aws.account), indent=2))
    return 0
