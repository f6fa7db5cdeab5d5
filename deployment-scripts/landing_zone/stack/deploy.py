"""Deploys the stack: plans, asks, applies exactly the plan that was shown."""

from __future__ import annotations

from collections.abc import Callable

from landing_zone.core.errors import OperatorError
from landing_zone.core.timing import Steps
from landing_zone.stack.terraform import Terraform


def deploy_stack(terraform: Terraform, steps: Steps, *, confirm: Callable[[], bool]) -> None:
    """Bring the stack up to date with infra/; `confirm` decides once the plan has been shown."""
    if terraform.log:
        print(f"terraform's output goes to {terraform.log}")
    with steps.step("terraform init"):
        if not terraform.init():
            print("terraform init: nothing changed since the last one")
    plan = terraform.data_dir / "deploy.tfplan"
    with steps.step("terraform plan"):
        changes = terraform.plan(plan)
    if changes:
        if not confirm():
            raise OperatorError("the plan was not applied. Say yes, or pass --yes")
        with steps.step("terraform apply"):
            terraform.apply(plan)
    plan.unlink(missing_ok=True)
