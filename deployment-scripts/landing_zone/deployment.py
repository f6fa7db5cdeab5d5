"""The names of what Terraform made, as it stored them in SSM."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

from landing_zone.errors import OperatorError
from landing_zone.settings import Settings

if TYPE_CHECKING:
    from landing_zone.aws import Aws


@dataclass(frozen=True)
class Deployment:
    """The parameters below /{service}/{stage}/ that the scripts use."""

    pipeline_name: str
    source_bucket: str
    workflow_bucket: str
    artifact_bucket: str


def load_deployment(aws: Aws, settings: Settings) -> Deployment:
    """Read the parameters; says what to do when nothing is deployed."""
    paginator = aws.client("ssm").get_paginator("get_parameters_by_path")
    found = {
        parameter["Name"].rsplit("/", 1)[1]: parameter["Value"]
        for page in paginator.paginate(Path=settings.parameter_path)
        for parameter in page["Parameters"]
    }
    names = [field.name for field in fields(Deployment)]
    missing = [name for name in names if name not in found]
    if missing:
        where = settings.endpoint_url or f"account {aws.account}, region {settings.region}"
        raise OperatorError(
            f"{settings.service} ({settings.stage}) is not deployed to {where}: SSM lacks "
            f"{', '.join(f'{settings.parameter_path}/{name}' for name in missing)}. "
            "Deploy it: bash deployment-scripts/quick-deploy.sh (on AWS) or make local"
        )
    return Deployment(**{name: found[name] for name in names})
