"""What a transform request may ask for. Everything else is refused by name."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker import errors

# Developer guide, batch-transform: MaxConcurrentTransforms * MaxPayloadInMB must not exceed 100 MB.
_MAX_TOTAL_MB = 100


def check_transform(params: dict[str, Any]) -> None:
    """Refuse what is wrong and what is not emulated.

    Raises:
        AwsError: naming the member and the value.
    """
    if params["TransformResources"]["InstanceCount"] != 1:
        raise _refuse("InstanceCount", params["TransformResources"]["InstanceCount"], "Use 1.")
    source = params["TransformInput"]
    if "S3DataSource" not in source["DataSource"]:
        raise _refuse("DataSource", sorted(source["DataSource"]), "Use S3DataSource.")
    if source["DataSource"]["S3DataSource"]["S3DataType"] != "S3Prefix":
        kind = source["DataSource"]["S3DataSource"]["S3DataType"]
        raise _refuse("S3DataType", kind, "Use S3Prefix.")
    split = source.get("SplitType", "None")
    if split not in ("None", "Line"):
        raise _refuse("SplitType", split, "Use None or Line.")
    if split == "None" and params.get("BatchStrategy") == "SingleRecord":
        raise errors.validation("BatchStrategy SingleRecord needs SplitType Line.")
    processing = params.get("DataProcessing", {})
    defaults = {"InputFilter": "$", "OutputFilter": "$", "JoinSource": "None"}
    for member, default in defaults.items():
        if processing.get(member, default) != default:
            raise _refuse(f"DataProcessing.{member}", processing[member], f"Use {default}.")
    for member in ("DataCaptureConfig", "ExperimentConfig"):
        if member in params:
            raise _refuse(member, params[member], "Leave it out.")
    total = params.get("MaxConcurrentTransforms", 1) * params.get("MaxPayloadInMB", 6)
    if total > _MAX_TOTAL_MB:
        raise errors.validation(
            f"MaxConcurrentTransforms * MaxPayloadInMB is {total}, but must not exceed {_MAX_TOTAL_MB}."
        )


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateTransformJob", member, value, instead)
