"""Removes everything that quick-deploy.sh and the runs made: data, models and logs go with it.

    bash deployment-scripts/quick-destroy.sh
    BUILD_STAGE=staging bash deployment-scripts/quick-destroy.sh --yes

Stops the runs and their jobs, deletes endpoints, models and model packages, empties the buckets, destroys
the stack with Terraform, deletes the logs and, last, the bucket of the Terraform state. Interrupted, run it
again. On AWS the KMS key stays until its deletion window is over (kms_deletion_window_days): AWS has no
shorter way.
"""

from __future__ import annotations

import argparse
import os
import shutil
import sys
from typing import Any

from botocore.exceptions import ClientError

from landing_zone import cli
from landing_zone.aws import Aws, error_code
from landing_zone.deploy import confirm, place
from landing_zone.deployment import Deployment
from landing_zone.emptying import delete_bucket, empty_bucket, empty_repository
from landing_zone.errors import OperatorError
from landing_zone.leftovers import Leftovers
from landing_zone.pipeline import Pipeline
from landing_zone.settings import Settings
from landing_zone.state_bucket import partition_of
from landing_zone.terraform import data_dir, make_terraform
from landing_zone.timing import Steps


def destroy(
    settings: Settings, environ: dict[str, str], steps: Steps, *, quiet: bool = False
) -> None:
    """Remove everything, in an order in which nothing comes back."""
    aws = Aws(settings)
    names = _names(settings, aws.account)
    left = Leftovers(aws, settings.prefix)
    role_arn = _sagemaker_role(aws, settings)
    with steps.step("stop runs and jobs"):
        left.stop_runs(Pipeline(aws, names))
        left.stop_state_machines(_state_machines(settings, aws.account))
        if role_arn:
            left.stop_jobs(role_arn)
    with steps.step("endpoints and models"):
        left.remove_endpoints()
        if role_arn:
            left.remove_models(role_arn)
    s3 = aws.client("s3")
    with steps.step("buckets"):
        for bucket in (names.source_bucket, names.workflow_bucket, names.artifact_bucket):
            print(f"emptied {bucket}: {empty_bucket(s3, bucket, aws.account)} versions")
        empty_repository(aws.client("ecr"), f"{settings.prefix}-workflow")
    state_bucket = settings.state_bucket_of(aws.account)
    if _exists(s3, state_bucket, aws.account):
        terraform = make_terraform(settings, environ, aws.account, quiet=quiet)
        with steps.step("terraform destroy"):
            terraform.init()
            terraform.destroy()
    else:
        print(f"state bucket {state_bucket} does not exist: nothing for Terraform to destroy")
    with steps.step("logs and state"):
        left.remove_logs()
        if delete_bucket(s3, state_bucket, aws.account):
            print(f"deleted {state_bucket}")
        # What init left; its next backend will be another bucket.
        shutil.rmtree(data_dir(settings), ignore_errors=True)


def _names(settings: Settings, account: str) -> Deployment:
    """By convention, not from SSM: an interrupted destroy has deleted the parameters already."""
    bucket = f"{settings.prefix}-{account}-{{}}-bucket".format
    return Deployment(
        pipeline_name=f"{settings.prefix}-ml-pipeline",
        source_bucket=bucket("source"),
        workflow_bucket=bucket("workflow"),
        artifact_bucket=bucket("artifact"),
    )


def _state_machines(settings: Settings, account: str) -> list[str]:
    start = f"arn:{partition_of(settings.region)}:states:{settings.region}:{account}:stateMachine"
    return [f"{start}:{settings.prefix}-{name}" for name in ("training", "inference")]


def _sagemaker_role(aws: Aws, settings: Settings) -> str:
    """The role of jobs and models, by which they are known as this deployment's."""
    ssm = aws.client("ssm")
    try:
        answer = ssm.get_parameter(Name=f"{settings.parameter_path}/sagemaker_role_arn")
    except ClientError as error:
        if error_code(error) != "ParameterNotFound":
            raise
        print("no SageMaker role is stored: jobs and models are gone, or were never made")
        return ""
    return str(answer["Parameter"]["Value"])


def _exists(s3: Any, bucket: str, account: str) -> bool:
    try:
        s3.head_bucket(Bucket=bucket, ExpectedBucketOwner=account)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchBucket"}:
            return False
        raise
    return True


def command(args: argparse.Namespace, settings: Settings) -> int:
    aws = Aws(settings)
    if not args.yes and not confirm(
        f"Remove {place(aws, settings)}, with all its data and models?"
    ):
        raise OperatorError("nothing was removed. Say yes, or pass --yes")
    steps = Steps()
    destroy(settings, dict(os.environ), steps, quiet=args.quiet)
    print(steps.table("quick-destroy took"))
    return 0


def main() -> int:
    arguments = cli.parser(__doc__)
    arguments.add_argument("--yes", action="store_true", help="remove without asking")
    arguments.add_argument("--quiet", action="store_true", help="Terraform's output goes to a file")
    return cli.run_command(command, arguments)


if __name__ == "__main__":
    sys.exit(main())
