"""The step apply: applies exactly the plan that was approved."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import Settings
from landing_zone.delivery import progress
from landing_zone.delivery.holder import Holder
from landing_zone.delivery.saved_plan import SavedPlan
from landing_zone.stack.locks import explained_state_lock
from landing_zone.stack.terraform import Plan, TerraformError, infra_root, make_terraform

_STALE = "Saved plan is stale"


def apply_saved(
    aws: Aws, settings: Settings, environ: Mapping[str, str], saved: SavedPlan, commit: str
) -> None:
    """Apply a saved plan, after its hashes and its commit have been compared."""
    saved.verify(environ.get("PLAN_SHA256", ""), commit)
    print(f"the plan of commit {saved.commit or 'unknown'}, sha256 {saved.sha256}, is unchanged")
    names, s3 = Names(settings, aws.account), aws.client("s3")
    holder = Holder(aws, names)
    terraform = make_terraform(
        names,
        environ,
        root=infra_root(settings),
        listener=holder.listener(
            environ.get("CODEBUILD_BUILD_ID", ""), environ.get("PIPELINE_EXECUTION_ID", "")
        ),
    )
    saved.restore(terraform.folder)
    terraform.init()
    holder.recover(terraform)
    plan = Plan(saved.file, hashlib.sha256(saved.file.read_bytes()).hexdigest(), changes=True)
    try:
        with explained_state_lock(s3, names):
            terraform.apply(plan)
    except TerraformError as error:
        if _STALE not in error.output:
            raise
        raise OperatorError(stale(settings, saved.commit)) from error
    progress.record(s3, names, settings.state_key, progress.infra_hash(), saved.commit)


def stale(settings: Settings, commit: str) -> str:
    """Why a stale plan cannot be applied, and how to get a new one."""
    return (
        f"the plan of commit {commit} is stale: another apply has changed the state of {settings.prefix} "
        "since it was made. Nothing was applied, and a retry would find the same plan. Make a new one for "
        "the same branch: aws codepipeline start-pipeline-execution "
        f"--name {settings.prefix}-cicd-pipeline (with GitHub Actions: open a pull request with another "
        "commit)"
    )
