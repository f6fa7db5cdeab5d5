"""What a processing request may ask for. Everything else is refused by name."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker import errors

_ROOT = "/opt/ml/processing/"


def check_processing(params: dict[str, Any]) -> None:
    """Refuse what is wrong and what is not emulated.

    Raises:
        AwsError: naming the member and the value.
    """
    cluster = params["ProcessingResources"]["ClusterConfig"]
    if cluster.get("InstanceCount", 1) != 1:
        raise _refuse("InstanceCount", cluster["InstanceCount"], "Use 1.")
    for member in ("InstancePreferences", "SelectedInstanceType"):
        if member in cluster:
            raise _refuse(member, cluster[member], "Use InstanceType and InstanceCount.")
    if "ExperimentConfig" in params:
        raise _refuse("ExperimentConfig", params["ExperimentConfig"], "Leave it out.")
    names: set[str] = set()
    for item in params.get("ProcessingInputs", []):
        _check_input(item)
        _add_name(names, item["InputName"], "input")
    names.clear()
    for item in params.get("ProcessingOutputConfig", {}).get("Outputs", []):
        _check_output(item)
        _add_name(names, item["OutputName"], "output")


def _add_name(names: set[str], name: str, what: str) -> None:
    if name in names:
        raise errors.validation(f"The {what} name '{name}' is used twice. Names must be unique.")
    names.add(name)


def _check_input(item: dict[str, Any]) -> None:
    if "S3Input" not in item:
        raise _refuse("ProcessingInputs.DatasetDefinition", item["InputName"], "Use S3Input.")
    s3 = item["S3Input"]
    if s3.get("S3InputMode", "File") != "File":
        raise _refuse("S3InputMode", s3["S3InputMode"], "Use File.")
    if s3.get("S3CompressionType", "None") != "None":
        raise _refuse("S3CompressionType", s3["S3CompressionType"], "Use None.")
    if not item.get("AppManaged"):
        _check_local_path(item["InputName"], s3.get("LocalPath"))


def _check_output(item: dict[str, Any]) -> None:
    if "S3Output" not in item:
        raise _refuse("Outputs.FeatureStoreOutput", item["OutputName"], "Use S3Output.")
    if item.get("AppManaged"):
        return
    if item["S3Output"]["S3UploadMode"] != "EndOfJob":
        raise _refuse("S3UploadMode", item["S3Output"]["S3UploadMode"], "Use EndOfJob.")
    _check_local_path(item["OutputName"], item["S3Output"].get("LocalPath"))


def _check_local_path(name: str, path: str | None) -> None:
    if not path or not path.startswith(_ROOT) or ".." in path.split("/"):
        raise errors.validation(
            f"LocalPath of '{name}' is '{path or ''}', but it must be an absolute path under {_ROOT}"
        )


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateProcessingJob", member, value, instead)
