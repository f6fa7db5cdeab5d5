"""What a training request may ask for here. Everything else is refused by name."""

from __future__ import annotations

from typing import Any

from localaws.services.sagemaker import errors

# Features that would change the run, and that localaws does not have.
_REFUSED = {
    "CheckpointConfig": "Leave it out.",
    "DebugRuleConfigurations": "Leave it out.",
    "ProfilerRuleConfigurations": "Leave it out.",
    "TensorBoardOutputConfig": "Leave it out.",
    "ExperimentConfig": "Leave it out.",
    "SessionChainingConfig": "Leave it out.",
    "ServerlessJobConfig": "Leave it out.",
    "MlflowConfig": "Leave it out.",
    "ModelPackageConfig": "Register the model with CreateModelPackage.",
}
_REFUSED_RESOURCES = (
    "InstanceGroups", "KeepAlivePeriodInSeconds", "TrainingPlanArn", "InstancePlacementConfig",
    "InstancePreferences",
)  # fmt: skip


def check_training(params: dict[str, Any]) -> None:
    """Refuse what is wrong and what is not emulated.

    Raises:
        AwsError: naming the member and the value.
    """
    for member, instead in _REFUSED.items():
        if params.get(member):
            raise _refuse(member, params[member], instead)
    if params.get("RemoteDebugConfig", {}).get("EnableRemoteDebug"):
        raise _refuse("RemoteDebugConfig", params["RemoteDebugConfig"], "Leave it out.")
    _check_algorithm(params)
    _check_resources(params)
    seen: set[str] = set()
    for channel in params.get("InputDataConfig", []):
        name = channel["ChannelName"]
        if name in seen:
            raise errors.validation(
                f"The channel name '{name}' is used twice. Names must be unique."
            )
        seen.add(name)
        _check_channel(channel)


def _check_algorithm(params: dict[str, Any]) -> None:
    algorithm = params.get("AlgorithmSpecification")
    if not algorithm or not algorithm.get("TrainingImage"):
        raise errors.validation(
            "AlgorithmSpecification.TrainingImage is missing: give the registry path of an image."
        )
    if "AlgorithmName" in algorithm:
        raise _refuse("AlgorithmName", algorithm["AlgorithmName"], "Use TrainingImage.")
    if algorithm["TrainingInputMode"] != "File":
        raise _refuse("TrainingInputMode", algorithm["TrainingInputMode"], "Use File.")


def _check_resources(params: dict[str, Any]) -> None:
    resources = params.get("ResourceConfig")
    if not resources or not resources.get("InstanceType"):
        raise errors.validation("ResourceConfig.InstanceType is missing.")
    for member in _REFUSED_RESOURCES:
        if resources.get(member):
            raise _refuse(f"ResourceConfig.{member}", resources[member], "Leave it out.")
    if resources.get("InstanceCount", 1) != 1:
        raise _refuse("InstanceCount", resources["InstanceCount"], "Use 1.")


def _check_channel(channel: dict[str, Any]) -> None:
    source = channel["DataSource"].get("S3DataSource")
    where = f"InputDataConfig.{channel['ChannelName']}"
    if source is None:
        raise _refuse(f"{where}.DataSource", sorted(channel["DataSource"]), "Use S3DataSource.")
    if source["S3DataType"] != "S3Prefix":
        raise _refuse(f"{where}.S3DataType", source["S3DataType"], "Use S3Prefix.")
    for member, allowed in (
        ("CompressionType", "None"), ("RecordWrapperType", "None"), ("InputMode", "File"),
    ):  # fmt: skip
        if channel.get(member, allowed) != allowed:
            raise _refuse(f"{where}.{member}", channel[member], f"Use {allowed}.")
    if "ShuffleConfig" in channel:
        raise _refuse(f"{where}.ShuffleConfig", channel["ShuffleConfig"], "Leave it out.")


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateTrainingJob", member, value, instead)
