"""Every value of a run's manifest. No AWS here: the same arguments give the same manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from common.errors import ConfigurationError
from common.manifest import Manifest
from create_schema.champion import ChampionVersion
from create_schema.settings import Settings
from create_schema.use_case import UseCase, job_hyperparameters

FROM_MANIFEST = "from-manifest"  # default of the pipeline's variables
# "" in the manifest; a variable of the pipeline cannot be empty, so the image has a name too.
PREBUILT = ("", "prebuilt")
NO_CHAMPION = ChampionVersion()


def override(manifest: Manifest, variables: Mapping[str, str]) -> Manifest:
    """The manifest with what was set for this one run in start_pipeline_execution."""
    chosen = {key: value for key, value in variables.items() if value != FROM_MANIFEST}
    return {**manifest, **chosen}


def image_uri(tag: str, settings: Settings) -> str:
    if tag in PREBUILT:
        return settings.prebuilt_image_uri
    if not settings.image_repository_uri:
        raise ConfigurationError(
            "ImageTag",
            f"found {tag!r}, but this environment has no image repository",
            "Set ImageTag to prebuilt for SageMaker's image, or apply infra/ with an image repository.",
        )
    return f"{settings.image_repository_uri}:{tag}"


def model_package_group(use_case: UseCase, settings: Settings) -> str:
    return f"{settings.prefix}-{use_case['name']}"


def resolve(
    manifest: Manifest,
    use_case: UseCase,
    run_id: str,
    settings: Settings,
    champion: ChampionVersion = NO_CHAMPION,
) -> Manifest:
    """`use_case` is the effective one: with the manifest's overrides in it."""
    name = use_case["name"]
    run = f"s3://{settings.workflow_bucket}/{run_id}"
    code = f"s3://{settings.source_bucket}/code/{manifest['CodeVersion']}/"
    image = image_uri(manifest["ImageTag"], settings)
    values: dict[str, Any] = {
        "GitCommit": manifest.get("GitCommit") or "unknown",
        "RunId": run_id,
        "WorkflowBucket": settings.workflow_bucket,
        "UseCaseLocation": f"{run}/config/use_case.json",
        "MetricName": use_case["metric"]["name"],
        "MetricDirection": use_case["metric"]["direction"],
        "MetricThreshold": use_case["metric"]["threshold"],
        "ChampionModelPackageArn": champion.model_package_arn,
        "ChampionModelSha256": champion.sha256,
        "ChampionLocation": champion.location(settings.workflow_bucket, run_id),
        "ChampionMaxRegression": use_case.get("champion", {}).get("max_regression"),
        # Job names are prefixes: the state machines append the name of their execution, which is
        # new in every retry, so a retried stage never meets the jobs of its first try.
        "ProcessingJobName": f"{name}-preprocess",
        "ProcessingImageUri": image,
        "ProcessingInputLocation": f"{run}/source/",
        "ProcessingTrainLocation": f"{run}/preprocessing/train/",
        "ProcessingTestLocation": f"{run}/preprocessing/test/",
        "ProcessingModelLocation": f"{run}/preprocessing/model/",
        "ProcessingCodeUri": code,
        "TrainingJobName": f"{name}-train",
        "TrainingImageUri": image,
        "TrainingOutputLocation": f"{run}/training/",
        "TrainingHyperParameters": json.dumps(
            job_hyperparameters(use_case["model"]["hyperparameters"])
        ),
        "SageMakerSubmitDirectory": f"{code}sourcedir.tar.gz",
        "EvaluationJobName": f"{name}-evaluate",
        "EvaluationOutputLocation": f"{run}/evaluation/output/",
        "EvaluationCodeUri": code,
        "ModelName": f"{name}-model",
        "ModelPackageGroupName": model_package_group(use_case, settings),
        "InferenceImageUri": image,
        "InferenceInputLocation": f"{run}/inference/",
        # Not below the input: a batch job that is retried must not take its own output for data.
        "InferenceOutputLocation": f"{run}/predictions/",
    }
    return {**manifest, **values}
