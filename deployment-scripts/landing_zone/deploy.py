"""Deploys everything: packages, state bucket, Terraform, code and manifest.

    bash deployment-scripts/quick-deploy.sh

Run it again at any time: what did not change is left alone, and an interrupted deploy goes on.
AWS_ENDPOINT_URL decides whether this is AWS or localaws; nothing else differs.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import package
from landing_zone import cli
from landing_zone.aws import Aws
from landing_zone.deployment import load_deployment
from landing_zone.errors import OperatorError
from landing_zone.settings import ROOT, Settings
from landing_zone.sources import manifest_to_upload
from landing_zone.state_bucket import ensure_state_bucket
from landing_zone.terraform import make_terraform
from landing_zone.timing import Steps
from landing_zone.upload import describe, upload_sources


def confirm(question: str) -> bool:
    """Ask a person; nobody at the terminal means no."""
    if not sys.stdin.isatty():
        return False
    return input(f"{question} [y/N] ").strip().lower() in {"y", "yes"}


def deploy(
    settings: Settings, environ: dict[str, str], steps: Steps, *, yes: bool, quiet: bool
) -> None:
    """Bring the place the settings name up to date with this checkout."""
    aws = Aws(settings)
    with steps.step("package"):
        _package()
        manifest_to_upload(settings, "")  # an unknown USE_CASE stops here, not after the apply
    with steps.step("state bucket"):
        name, made = ensure_state_bucket(aws, settings)
        print(f"state bucket {name}: {'made' if made else 'was there'}")
    terraform = make_terraform(settings, environ, aws.account, quiet=quiet)
    if terraform.log:
        print(f"terraform's output goes to {terraform.log}")
    with steps.step("terraform init"):
        if not terraform.init():
            print("terraform init: nothing changed since the last one")
    plan = Path(terraform.environment["TF_DATA_DIR"]) / "deploy.tfplan"
    with steps.step("terraform plan"):
        changes = terraform.plan(plan)
    if changes:
        if not yes and not confirm(f"Apply this plan to {place(aws, settings)}?"):
            raise OperatorError("the plan was not applied. Say yes, or pass --yes")
        with steps.step("terraform apply"):
            terraform.apply(plan)
    plan.unlink(missing_ok=True)
    with steps.step("upload"):
        bucket = load_deployment(aws, settings).source_bucket
        print(describe(upload_sources(aws.client("s3"), bucket, settings), bucket))


def place(aws: Aws, settings: Settings) -> str:
    """Where things happen, for a question or a message."""
    where = settings.endpoint_url or "AWS"
    return f"{settings.prefix} on {where}, account {aws.account}, region {settings.region}"


def _package() -> None:
    try:
        made = package.build(ROOT, ROOT / "build")
    except package.PackagingError as error:
        raise OperatorError(str(error)) from error
    print(
        f"packaged {len(made)} files, code {(ROOT / 'build/code/CODE_VERSION').read_text()}", end=""
    )


def command(args: argparse.Namespace, settings: Settings) -> int:
    steps = Steps()
    yes = args.yes or settings.is_local
    deploy(settings, dict(os.environ), steps, yes=yes, quiet=args.quiet)
    print(steps.table("quick-deploy took"))
    return 0


def main(argv: Sequence[str] | None = None) -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("--yes", action="store_true", help="apply without asking")
    arguments.add_argument("--quiet", action="store_true", help="Terraform's output goes to a file")
    return cli.run_command(command, arguments, argv)


if __name__ == "__main__":
    sys.exit(main())
