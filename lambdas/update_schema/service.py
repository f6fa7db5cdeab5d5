"""The work of update_schema, in order."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import ClientError

from common.action import Answer
from common.archive import Archive, check_archive
from common.artifacts import read_json, write_json
from common.errors import AccessError, ConfigurationError, InputError
from common.job import Credentials, Job
from common.manifest import CREATE_SCHEMA, UPDATE_SCHEMA, Manifest, check_run_manifest
from common.names import PROD, endpoint_name
from common.schema import Schema, shown
from update_schema.settings import Settings

# CodePipeline's StepFunctions action stores the execution's output under this name.
MEMBERS = ("output.json",)
# What the training state machine adds to the manifest (workflow/state_machines/README.md).
RESULT_KEYS = ("TrainedModelName", "ModelDataUrl", "ModelPackageArn", "Evaluation")


@dataclass(frozen=True)
class Clients:
    artifact_s3: Callable[[Credentials], Any]
    s3: Any
    sagemaker: Any


def update_schema(job: Job, settings: Settings, schema: Schema, clients: Clients) -> Answer:
    parameters = job.parameters(required={"RunId"})
    store = clients.artifact_s3(job.credentials)
    output = read_json(store, job.input(), MEMBERS)
    trained, result = split_output(output)
    manifest = check_run_manifest(schema, trained, CREATE_SCHEMA)
    if manifest["RunId"] != parameters["RunId"]:
        raise ConfigurationError(
            "RunId",
            f"found {manifest['RunId']!r} in the training result, {parameters['RunId']!r} in UserParameters",
            "Correct the input artifact of this action in infra/modules/ml_pipeline.",
        )
    inference = add_inference(manifest, result, settings)
    check_run_manifest(schema, inference, CREATE_SCHEMA)
    package = describe_package(clients.sagemaker, inference["ModelPackageArn"])
    archive = check_archive(clients.s3, manifest["WorkflowBucket"], result["ModelDataUrl"], package)
    run_manifest = check_run_manifest(schema, add_archive(inference, archive), UPDATE_SCHEMA)
    gate = result["Evaluation"].get("gate", {})
    approve(
        clients.sagemaker,
        package,
        f"Approved in pipeline execution {manifest['RunId']}: "
        f"{gate.get('metric')} {gate.get('value')}, threshold {gate.get('threshold')}.",
    )
    write_json(store, job.output(), run_manifest, job.encryption_key)
    return Answer(
        summary=_summary(run_manifest),
        variables={
            "RunId": run_manifest["RunId"],
            "UseCase": run_manifest["UseCase"],
            "EndpointType": run_manifest["EndpointType"],
            "InferenceDataLocation": run_manifest["InferenceInputLocation"],
            "EndpointName": run_manifest["EndpointName"],
            "ModelPackageArn": run_manifest["ModelPackageArn"],
        },
    )


def split_output(output: Any) -> tuple[Manifest, dict[str, Any]]:
    """The manifest that went into training, and what training added to it."""
    if not isinstance(output, dict):
        raise InputError(
            f"training result: found {shown(output)}; expected an object. "
            "Retry the stage MachineLearningStage."
        )
    missing = [key for key in RESULT_KEYS if not output.get(key)]
    if missing or not isinstance(output["Evaluation"], dict):
        raise InputError(
            f"training result: {', '.join(missing) or 'Evaluation'} missing; the state machine adds "
            f"{', '.join(RESULT_KEYS)} when it ends well. Retry the stage MachineLearningStage."
        )
    result = {key: output[key] for key in RESULT_KEYS}
    return {key: value for key, value in output.items() if key not in result}, result


def add_inference(
    manifest: Mapping[str, Any], result: Mapping[str, Any], settings: Settings
) -> Manifest:
    name = manifest["UseCase"]
    return {
        **manifest,
        "ModelName": result["TrainedModelName"],
        "ModelPackageArn": result["ModelPackageArn"],
        # Prefixes: the state machine appends the name of its execution.
        "TransformJobName": f"{name}-transform",
        "EndpointName": endpoint_name(settings.prefix, name, PROD),
    }


def add_archive(manifest: Manifest, archive: Archive) -> Manifest:
    return {**manifest, "ModelDataKey": archive.key, "ModelDataETag": archive.etag}


def describe_package(sagemaker: Any, arn: str) -> Mapping[str, Any]:
    """The version in the model registry.

    One that was rejected there meanwhile stays rejected: that decision is the later one.
    """
    try:
        package: Mapping[str, Any] = sagemaker.describe_model_package(ModelPackageName=arn)
    except ClientError as error:
        raise _not_approved(arn, error) from error
    if package.get("ModelApprovalStatus") == "Rejected":
        raise InputError(
            f"model package {arn}: found ModelApprovalStatus Rejected; allowed: "
            "PendingManualApproval or Approved. Set it back in the model registry and retry the "
            "stage, or start a new run."
        )
    return package


def approve(sagemaker: Any, package: Mapping[str, Any], description: str) -> None:
    """Mark the version Approved. A retried action finds it approved and leaves it."""
    if package.get("ModelApprovalStatus") == "Approved":
        return
    arn = package["ModelPackageArn"]
    try:
        sagemaker.update_model_package(
            ModelPackageArn=arn,
            ModelApprovalStatus="Approved",
            ApprovalDescription=description[:1024],
        )
    except ClientError as error:
        raise _not_approved(arn, error) from error


def _not_approved(arn: str, error: ClientError) -> AccessError | InputError:
    denied = error.response["Error"]["Code"].startswith("AccessDenied")
    return (AccessError if denied else InputError)(
        f"model package {arn} cannot be approved: {error}. Look at the model registry and at the "
        "role of this function (infra/modules/manifest), then retry the stage."
    )


def _summary(manifest: Mapping[str, Any]) -> str:
    text = f"Run {manifest['RunId']}: approved {manifest['ModelPackageArn']}"
    if manifest["EndpointType"] == "Batch":
        return f"{text}. Upload the rows to predict to {manifest['InferenceInputLocation']}"
    return f"{text}. It goes to endpoint {manifest['EndpointName']}"
