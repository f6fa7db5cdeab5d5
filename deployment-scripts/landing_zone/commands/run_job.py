"""Train a model by hand and register it, with SageMaker's Python SDK (version 3).

    make venv-sagemaker
    USE_CASE=iris python deployment-scripts/run_job.py
    USE_CASE=iris python deployment-scripts/run_job.py my.csv --instance-type ml.m5.2xlarge

Runs the jobs of the training machine outside of the pipeline: preprocess, train, evaluate. The new version of
the model registry waits for its approval (approve_model.py) and is not deployed before. Code, image and
defaults are those of the manifest in the source bucket; no gate stops a worse model, but its evidence is
stored.
"""

from __future__ import annotations

import argparse
import importlib.util
import os
import sys
import time
from datetime import UTC, datetime
from pathlib import Path

import yaml

from landing_zone.core.aws import Aws
from landing_zone.core.deployment import load_deployment
from landing_zone.core.errors import OperatorError
from landing_zone.core.manifest import Key
from landing_zone.core.names import MANIFEST_KEY
from landing_zone.core.s3 import read_json
from landing_zone.core.settings import ROOT, Settings
from landing_zone.models.hand_run import HandRun
from landing_zone.runs.inputs import csv_files, upload_inputs
from landing_zone.sources.checkout import read_use_case, use_case_to_run

OWN_PYTHON = ROOT / ".sagemaker/bin/python"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("data", nargs="?", type=Path, help="a CSV file, or a folder of CSV files")
    parser.add_argument("--instance-type", default="", help="of the jobs; default: the manifest's")
    parser.add_argument("--image", default="", help="URI of the image; default: the deployment's")
    parser.add_argument(
        "--role", default="", help="ARN of the jobs' role; default: the deployment's"
    )
    parser.add_argument(
        "--model-package-group-name", default="", help="default: the group of the use case"
    )


def run(args: argparse.Namespace, settings: Settings) -> int:
    use_sdk_python()
    started = time.monotonic()
    aws = Aws(settings)
    job = make_run(args, aws, settings)
    files = csv_files(args.data or read_use_case(job.name).training_sample)
    s3 = aws.client("s3")
    for key, body in job.objects.items():
        s3.put_object(Bucket=job.workflow_bucket, Key=key, Body=body)
    upload_inputs(s3, f"{job.folder}/source/", files)
    print(f"run {job.run_id}: {', '.join(path.name for path in files)}, code {job.code_version}")
    from landing_zone.models.sdk import HandTraining

    registered = HandTraining(job).train(lambda key: read_json(s3, job.workflow_bucket, key) or {})
    number = registered.model_package_arn.rpartition("/")[2]
    print(
        f"registered {registered.model_package_arn} after {time.monotonic() - started:.0f} s\n"
        f"next: USE_CASE={job.name} python deployment-scripts/approve_model.py --version {number}"
    )
    return 0


def use_sdk_python() -> None:
    """Continue in .sagemaker, the only environment with the SDK: it is larger than all others together."""
    if importlib.util.find_spec("sagemaker") is not None:
        return
    if not OWN_PYTHON.exists():
        raise OperatorError(
            "SageMaker's Python SDK is not installed: run `make venv-sagemaker` once"
        )
    os.execv(OWN_PYTHON, [str(OWN_PYTHON), *sys.orig_argv[1:]])  # noqa: S606 - the same command


def make_run(args: argparse.Namespace, aws: Aws, settings: Settings) -> HandRun:
    """The run, from the uploaded manifest, the deployment and the options."""
    deployment = load_deployment(aws, settings)
    s3, bucket = aws.client("s3"), deployment.source_bucket
    manifest = read_json(s3, bucket, MANIFEST_KEY)
    if manifest is None:
        raise OperatorError(
            f"s3://{bucket}/{MANIFEST_KEY} does not exist: bash deployment-scripts/upload-source-files.sh"
        )
    use_case = use_case_to_run(settings)
    key = f"config/use_cases/{use_case}.yaml"
    document = yaml.safe_load(s3.get_object(Bucket=bucket, Key=key)["Body"].read())
    moment = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    return HandRun(
        run_id=f"by-hand-{moment}",
        use_case=document,
        group=args.model_package_group_name or f"{settings.prefix}-{use_case}",
        source_bucket=bucket,
        workflow_bucket=deployment.workflow_bucket,
        code_version=manifest[Key.CODE_VERSION],
        git_commit=manifest.get(Key.GIT_COMMIT) or "unknown",
        image=args.image or _image(aws, settings, manifest[Key.IMAGE_TAG]),
        image_tag=manifest[Key.IMAGE_TAG],
        role=args.role or _parameter(aws, settings, "sagemaker_role_arn"),
        kms_key=_parameter(aws, settings, "kms_key"),
        instance_type=args.instance_type or manifest["InstanceType"],
        endpoint_instance_type=manifest["EndpointInstanceType"],
        region=settings.region,
        environment=settings.prefix,
    )


def _image(aws: Aws, settings: Settings, tag: str) -> str:
    """The image of the manifest's tag: our own, or SageMaker's."""
    if settings.image_tag:
        tag = settings.image_tag
    if tag and tag != "prebuilt":
        return f"{_parameter(aws, settings, 'image_repository_url')}:{tag}"
    name = f"{settings.prefix}-create-schema"
    found = aws.client("lambda").get_function_configuration(FunctionName=name)
    return str(found["Environment"]["Variables"]["PREBUILT_IMAGE_URI"])


def _parameter(aws: Aws, settings: Settings, name: str) -> str:
    found = aws.client("ssm").get_parameter(Name=f"{settings.parameter_path}/{name}")
    return str(found["Parameter"]["Value"])
