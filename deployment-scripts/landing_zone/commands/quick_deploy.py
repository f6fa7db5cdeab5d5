"""Deploy everything: packages, state bucket, Terraform, code and manifest.

    bash deployment-scripts/quick-deploy.sh

Run it again at any time: what has not changed is left alone, and an interrupted deploy is continued.
AWS_ENDPOINT_URL decides whether this is AWS or localaws; nothing else differs.
"""

from __future__ import annotations

import argparse
import os

from landing_zone.commands import upload_source_files
from landing_zone.commands.common import add_confirmation_options
from landing_zone.core.aws import Aws
from landing_zone.core.cli import confirm
from landing_zone.core.names import Names
from landing_zone.core.settings import ROOT, Settings
from landing_zone.core.timing import Steps
from landing_zone.sources.checkout import built_code, manifest_to_upload
from landing_zone.sources.package import build
from landing_zone.stack import locks
from landing_zone.stack.deploy import deploy_stack
from landing_zone.stack.state_bucket import ensure_state_bucket
from landing_zone.stack.terraform import make_terraform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_confirmation_options(parser, "apply without asking")


def run(args: argparse.Namespace, settings: Settings) -> int:
    steps = Steps()
    with locks.checkout_lock("quick-deploy.sh"):
        deploy(args, settings, steps)
    print(steps.table("quick-deploy took"))
    return 0


def deploy(args: argparse.Namespace, settings: Settings, steps: Steps) -> None:
    """Bring the target that the settings name up to date with this checkout."""
    aws = Aws(settings)
    with steps.step("package"):
        written = build(ROOT, ROOT / "build")
        print(f"packaged {len(written)} files, code {built_code()[0]}")
        # An unknown USE_CASE fails here, not after the apply.
        manifest_to_upload(settings, "")
    names = Names(settings, aws.account)
    with steps.step("state bucket"):
        ensure_state_bucket(aws, names)
    with locks.explained_state_lock(aws.client("s3"), names):
        deploy_stack(
            make_terraform(names, os.environ, quiet=args.quiet),
            steps,
            confirm=lambda: (
                args.yes or settings.is_local or confirm(f"Apply this plan to {aws.target}?")
            ),
        )
    with steps.step("upload"):
        upload_source_files.run(args, settings)
