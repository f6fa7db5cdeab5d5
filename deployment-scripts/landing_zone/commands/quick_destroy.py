"""Remove everything that quick-deploy.sh and the runs have made, including data, models and logs.

    bash deployment-scripts/quick-destroy.sh
    BUILD_STAGE=staging bash deployment-scripts/quick-destroy.sh --yes

Stops the runs and their jobs, deletes endpoints with their scaling, models and model packages, empties the
buckets, destroys the stack with Terraform, deletes the logs and, last, the bucket of the Terraform state. If
it is interrupted, run it again. On AWS the KMS key remains until its deletion window has passed
(kms_deletion_window_days): AWS does not delete a key sooner.
"""

from __future__ import annotations

import argparse
import os

from botocore.exceptions import ClientError

from landing_zone.commands.common import add_confirmation_options
from landing_zone.core.aws import Aws, error_code
from landing_zone.core.cli import confirm
from landing_zone.core.deployment import expected_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import Settings
from landing_zone.core.timing import Steps
from landing_zone.runs.pipeline import Pipeline
from landing_zone.runs.resources import RunResources
from landing_zone.stack import locks
from landing_zone.stack.teardown import (
    delete_state,
    destroy_stack,
    empty_storage,
    remove_scaling,
)
from landing_zone.stack.terraform import make_terraform


def add_arguments(parser: argparse.ArgumentParser) -> None:
    add_confirmation_options(parser, "remove without asking")


def run(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    if not args.yes and not confirm(f"Remove {aws.target}, with all its data and models?"):
        raise OperatorError("nothing was removed. Say yes, or pass --yes")
    steps = Steps()
    with locks.checkout_lock("quick-destroy.sh"):
        destroy(aws, Names(settings, aws.account), steps, quiet=args.quiet)
    print(steps.table("quick-destroy took"))
    return 0


def destroy(aws: Aws, names: Names, steps: Steps, *, quiet: bool) -> None:
    """Remove everything, in an order in which nothing is made again."""
    deployment = expected_deployment(names)
    made_by_runs = RunResources(aws, names.settings.prefix)
    role_arn = _sagemaker_role(aws, names)
    with steps.step("stop runs and jobs"):
        made_by_runs.stop_runs(Pipeline(aws, deployment))
        made_by_runs.stop_state_machines(names.state_machine_arns)
        if role_arn:
            made_by_runs.stop_jobs(role_arn)
    with steps.step("endpoints and models"):
        remove_scaling(aws, names)
        made_by_runs.remove_endpoints()
        made_by_runs.remove_rollout_alarms()
        if role_arn:
            made_by_runs.remove_models(role_arn)
    with steps.step("buckets"):
        empty_storage(aws, names, deployment)
    s3 = aws.client("s3")
    with steps.step("terraform destroy"), locks.explained_state_lock(s3, names):
        destroy_stack(s3, names, lambda: make_terraform(names, os.environ, quiet=quiet))
    with steps.step("logs and state"):
        made_by_runs.remove_logs(names.log_groups)
        delete_state(s3, names)


def _sagemaker_role(aws: Aws, names: Names) -> str:
    """The role of jobs and models, by which they are recognized as this deployment's."""
    try:
        answer = aws.client("ssm").get_parameter(Name=names.sagemaker_role_parameter)
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        print("no SageMaker role is stored: jobs and models are gone, or were never made")
        return ""
    return str(answer["Parameter"]["Value"])
