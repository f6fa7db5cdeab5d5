"""Destroys the stack and the bucket of its state, in an order in which nothing comes back."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from typing import Any

from landing_zone.core.aws import Clients
from landing_zone.core.deployment import Deployment
from landing_zone.core.names import Names
from landing_zone.stack.deletion import bucket_exists, delete_bucket, empty_bucket, empty_repository
from landing_zone.stack.terraform import Terraform, data_dir


def empty_storage(aws: Clients, names: Names, deployment: Deployment) -> None:
    """Empty the buckets and the image repository, which Terraform could not delete otherwise."""
    for bucket in deployment.buckets:
        count = empty_bucket(aws.client("s3"), bucket, names.account)
        print(f"emptied {bucket}: {count} versions")
    empty_repository(aws.client("ecr"), names.of("image_repository"))


def destroy_stack(s3: Any, names: Names, make_terraform: Callable[[], Terraform]) -> None:
    """Destroy everything in the Terraform state; without its bucket there is none."""
    if not bucket_exists(s3, names.state_bucket, names.account):
        print(f"state bucket {names.state_bucket} does not exist: nothing for Terraform to destroy")
        return
    terraform = make_terraform()
    terraform.init()
    terraform.destroy()


def delete_state(s3: Any, names: Names) -> None:
    """Delete the bucket of the Terraform state, and what `terraform init` left on this machine."""
    if delete_bucket(s3, names.state_bucket, names.account):
        print(f"deleted {names.state_bucket}")
    shutil.rmtree(data_dir(names.settings), ignore_errors=True)
