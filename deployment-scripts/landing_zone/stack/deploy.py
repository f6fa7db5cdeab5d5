"""Deploys the stack: plans, asks, applies exactly the plan that was shown."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from tempfile import TemporaryDirectory

from landing_zone.core.errors import OperatorError
from landing_zone.core.timing import Steps
from landing_zone.stack.terraform import Terraform


def deploy_stack(terraform: Terraform, steps: Steps, *, confirm: Callable[[], bool]) -> None:
    """Bring the stack up to date with infra/; `confirm` decides once the plan has been shown."""
    if terraform.log:
        print(f"terraform's output goes to {terraform.log}")
    with steps.step("terraform init"):
        if not terraform.init():
            print("terraform init: nothing has changed since the last one")
    # A folder of its own: another deploy at the same time must not replace this plan.
    with TemporaryDirectory(prefix="deploy-", dir=terraform.data_dir) as folder:
        with steps.step("terraform plan"):
            plan = terraform.plan(Path(folder) / "deploy.tfplan")
        if not plan.changes:
            return
        if not confirm():
            raise OperatorError("the plan was not applied. Say yes, or pass --yes")
        with steps.step("terraform apply"):
            terraform.apply(plan)
