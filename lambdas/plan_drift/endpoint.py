"""The model that an endpoint serves, the run that it comes from, and where its requests are captured."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from botocore.exceptions import ClientError

from common.aws import tags_of
from common.errors import ConfigurationError, InputError
from common.names import TARGETS, endpoint_name


@dataclass(frozen=True)
class Endpoint:
    name: str
    #: The first variant: traffic of a second one was answered by another model, with another training.
    variant: str
    capture_uri: str
    image: str
    run_id: str
    code_version: str
    model_package_arn: str
    live_since: datetime


def find_endpoint(sagemaker: Any, prefix: str, use_case: str, target: str) -> Endpoint:
    if target not in TARGETS:
        raise ConfigurationError(
            "Target", f"found {target!r}; allowed: {', '.join(TARGETS)}", "Start the machine again."
        )
    name = endpoint_name(prefix, use_case, target)
    try:
        endpoint = sagemaker.describe_endpoint(EndpointName=name)
    except ClientError as error:
        raise InputError(
            f"endpoint {name} cannot be described: {error}. Deploy a model of this use case first."
        ) from error
    config = sagemaker.describe_endpoint_config(EndpointConfigName=endpoint["EndpointConfigName"])
    tags = tags_of(sagemaker, config["EndpointConfigArn"])
    missing = [key for key in ("RunId", "CodeVersion") if not tags.get(key)]
    if missing:
        raise InputError(
            f"endpoint configuration {config['EndpointConfigName']}: the tag {' and '.join(missing)} is "
            "missing, so the training of its model is not known. Deploy it with the ML pipeline."
        )
    capture = config.get("DataCaptureConfig", {})
    if not capture.get("EnableCapture") or not capture.get("DestinationS3Uri"):
        raise InputError(
            f"endpoint {name} captures no requests: set capture_percent above 0 for it in "
            "config/use_cases/, and deploy again."
        )
    variant = config["ProductionVariants"][0]
    return Endpoint(
        name,
        variant["VariantName"],
        capture["DestinationS3Uri"].rstrip("/"),
        _image(sagemaker.describe_model(ModelName=variant["ModelName"])),
        tags["RunId"],
        tags["CodeVersion"],
        tags.get("ModelPackageArn", ""),
        config["CreationTime"],
    )


def _image(model: Mapping[str, Any]) -> str:
    containers = model.get("Containers") or [model["PrimaryContainer"]]
    return str(containers[-1]["Image"])
