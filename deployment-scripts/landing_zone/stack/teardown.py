"""Destroys the stack and the bucket of its state, in an order in which nothing comes back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from botocore.exceptions import ClientError

from landing_zone.core.aws import Clients, error_code
from landing_zone.core.deployment import Deployment
from landing_zone.core.names import Names
from landing_zone.stack.deletion import bucket_exists, delete_bucket, empty_bucket, empty_repository
from landing_zone.stack.terraform import Terraform, data_dir

# Key of the state of cicd/ in the same bucket.
CICD_STATE = "cicd/terraform.tfstate"


def empty_storage(aws: Clients, names: Names, deployment: Deployment) -> None:
    """Empty the buckets and the image repository, which Terraform could not delete otherwise."""
    for bucket in deployment.buckets:
        count = empty_bucket(aws.client("s3"), bucket, names.account)
        print(f"emptied {bucket}: {count} versions")
    empty_repository(aws.client("ecr"), names.of("image_repository"))


def remove_scaling(aws: Clients, names: Names) -> None:
    """Deregister what changes the number of instances of the endpoints; its policies and alarms go too."""
    scaling = aws.client("application-autoscaling")
    pages = scaling.get_paginator("describe_scalable_targets").paginate(
        ServiceNamespace="sagemaker"
    )
    targets = [target for page in pages for target in page["ScalableTargets"]]
    for target in targets:
        # Its id has the form endpoint/NAME/variant/VARIANT.
        if not target["ResourceId"].startswith(f"endpoint/{names.settings.prefix}-"):
            continue
        scaling.deregister_scalable_target(
            ServiceNamespace="sagemaker",
            ResourceId=target["ResourceId"],
            ScalableDimension=target["ScalableDimension"],
        )
        print(f"deregistered scalable target {target['ResourceId']}")


def destroy_stack(s3: Any, names: Names, make_terraform: Callable[[], Terraform]) -> None:
    """Destroy everything in the Terraform state; without its bucket there is none."""
    if not bucket_exists(s3, names.state_bucket, names.account):
        print(f"state bucket {names.state_bucket} does not exist: nothing for Terraform to destroy")
        return
    terraform = make_terraform()
    terraform.init()
    terraform.destroy()


def delete_state(s3: Any, names: Names, others: tuple[str, ...] = (CICD_STATE,)) -> None:
    """Delete the bucket of the Terraform state, and what `terraform init` left on this machine.

    The bucket stays while it holds the state of another root module; then only the own objects go.
    """
    kept = [key for key in others if _exists(s3, names, key)]
    if kept:
        count = empty_bucket(s3, names.state_bucket, names.account, names.settings.state_key)
        print(
            f"kept {names.state_bucket} without {count} objects of this deployment: {kept[0]} is the state "
            "of the pipeline, which destroy-codepipeline.sh removes"
        )
    elif delete_bucket(s3, names.state_bucket, names.account):
        print(f"deleted {names.state_bucket}")
    shutil.rmtree(data_dir(names.settings), ignore_errors=True)


def _exists(s3: Any, names: Names, key: str) -> bool:
    try:
        s3.head_object(Bucket=names.state_bucket, Key=key)
    except ClientError as error:
        if error_code(error) in {"404", "NoSuchKey", "NoSuchBucket", "NotFound"}:
            return False
        raise
    return True
