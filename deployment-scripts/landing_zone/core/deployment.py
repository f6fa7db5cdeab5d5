"""The resources of a deployment that the scripts use, by name."""

from __future__ import annotations

from dataclasses import dataclass, fields

from landing_zone.core.aws import Aws
from landing_zone.core.errors import OperatorError
from landing_zone.core.names import Names
from landing_zone.core.settings import Settings


@dataclass(frozen=True)
class Deployment:
    """Each field is an SSM parameter below /{service}/{stage}/."""

    pipeline_name: str
    source_bucket: str
    workflow_bucket: str
    artifact_bucket: str

    @property
    def buckets(self) -> tuple[str, ...]:
        return self.source_bucket, self.workflow_bucket, self.artifact_bucket


def load_deployment(aws: Aws, settings: Settings) -> Deployment:
    """Read the parameters; the error says how to deploy when nothing is deployed."""
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


def expected_deployment(names: Names) -> Deployment:
    """By the table of names, not from SSM: an interrupted destroy has deleted the parameters already."""
    return Deployment(
        pipeline_name=names.of("pipeline"),
        source_bucket=names.of("source_bucket"),
        workflow_bucket=names.of("workflow_bucket"),
        artifact_bucket=names.of("artifact_bucket"),
    )
