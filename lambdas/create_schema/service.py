"""The work of create_schema, in order."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from common.action import Answer
from common.artifacts import read_json, write_json
from common.errors import ConfigurationError
from common.job import Credentials, Job
from common.manifest import CREATE_SCHEMA, check_git_manifest, check_run_manifest
from common.schema import Schema
from create_schema.champion import find_champion
from create_schema.cost import check_limit, estimate, read_prices, summary_of
from create_schema.endpoint import resolve_endpoint
from create_schema.resolve import model_package_group, override, resolve
from create_schema.settings import Settings
from create_schema.storage import check_code, ensure_model_package_group, prepare_run
from create_schema.use_case import parse_overrides, read_use_case, with_overrides

# In a zip people may have made, the manifest stands alone or as in the repository.
MEMBERS = ("manifest.json", "config/manifest.json")


@dataclass(frozen=True)
class Clients:
    artifact_s3: Callable[[Credentials], Any]
    s3: Any
    sagemaker: Any


@dataclass(frozen=True)
class Schemas:
    manifest: Schema
    use_case: Schema


def create_schema(job: Job, settings: Settings, schemas: Schemas, clients: Clients) -> Answer:
    parameters = job.parameters(
        required={"RunId"}, optional={"UseCase", "EndpointType", "ImageTag"}
    )
    run_id = _run_id(parameters.pop("RunId"))
    store = clients.artifact_s3(job.credentials)
    document = read_json(store, job.input(), MEMBERS)
    if isinstance(document, dict):
        document = override(document, parameters)
    manifest = check_git_manifest(schemas.manifest, document)

    use_case = with_overrides(
        read_use_case(clients.s3, settings.source_bucket, manifest["UseCase"], schemas.use_case),
        parse_overrides(manifest["TrainingHyperParameters"]),
        manifest["MetricThreshold"],
    )
    use_case["endpoint"] = resolve_endpoint(use_case, manifest)
    check_code(clients.s3, settings.source_bucket, manifest["CodeVersion"])
    prices = read_prices(clients.s3, settings.source_bucket, settings.region)
    cost = estimate(manifest, use_case, prices)
    check_limit(cost)
    group = model_package_group(use_case, settings)
    ensure_model_package_group(clients.sagemaker, settings, group, use_case)
    champion = find_champion(clients.s3, clients.sagemaker, settings, group)
    run_manifest = check_run_manifest(
        schemas.manifest, resolve(manifest, use_case, run_id, settings, champion), CREATE_SCHEMA
    )

    prepare_run(clients.s3, settings, run_id, use_case, champion, cost)
    # Last: CodePipeline takes the artifact only once all that it names is there.
    write_json(store, job.output(), run_manifest, job.encryption_key)
    return Answer(
        summary=(
            f"Run {run_id}: {use_case['name']} for {run_manifest['EndpointType']}. "
            f"{summary_of(cost)} "
            f"Upload the training CSV to {run_manifest['ProcessingInputLocation']}"
        ),
        variables={
            "RunId": run_id,
            "UseCase": use_case["name"],
            "EndpointType": run_manifest["EndpointType"],
            "SourceDataLocation": run_manifest["ProcessingInputLocation"],
            "InferenceDataLocation": run_manifest["InferenceInputLocation"],
        },
    )


def _run_id(value: str) -> str:
    """It becomes part of S3 keys and names; CodePipeline's execution ids are UUIDs."""
    if not re.fullmatch(r"[A-Za-z0-9](-*[A-Za-z0-9]){0,62}", value):
        raise ConfigurationError(
            "UserParameters",
            f"RunId: found {value!r}; allowed: letters, digits and single hyphens, 1-63 of them",
            "Use #{codepipeline.PipelineExecutionId} in infra/modules/ml_pipeline.",
        )
    return value
