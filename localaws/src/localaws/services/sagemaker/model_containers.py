"""The container definitions of CreateModel: which are accepted, and what they are called."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from localaws.services.sagemaker import errors
from localaws.services.sagemaker.serving.plan import PRIMARY

_REFUSED: Final = ("AdditionalModelDataSources", "MultiModelConfig", "InferenceSpecificationName")
_REFUSED_OF_SOURCE: Final = ("ManifestS3Uri", "ManifestEtag", "HubAccessConfig")


def read_containers(request: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers of a model in their order.

    Raises:
        AwsError: ValidationException.
    """
    containers: list[dict[str, Any]] = request.get("Containers") or []
    if "PrimaryContainer" in request and containers:
        raise errors.validation("Give either PrimaryContainer or Containers, not both.")
    if not containers and "PrimaryContainer" not in request:
        raise errors.validation("Give PrimaryContainer or Containers.")
    return containers or [request["PrimaryContainer"]]


def container_names(containers: Sequence[Mapping[str, Any]]) -> list[str]:
    """What the containers are called in logs and messages: ContainerHostname, or their place.

    Raises:
        AwsError: ValidationException, a hostname is used twice.
    """
    if len(containers) == 1:
        return [PRIMARY]
    names = [
        container.get("ContainerHostname") or f"container-{number}"
        for number, container in enumerate(containers, 1)
    ]
    for name, count in Counter(names).items():
        if count > 1:
            raise errors.validation(
                f"{count} containers of the model have the ContainerHostname {name}. Names must be unique."
            )
    return names


def check_container(container: Mapping[str, Any]) -> None:
    """Refuse what would change how a container serves and is not emulated.

    Raises:
        AwsError: NotImplementedException.
    """
    for member in _REFUSED:
        if container.get(member):
            raise refuse(member, container[member], "Leave it out.")
    if container.get("Mode", "SingleModel") != "SingleModel":
        raise refuse("Mode", container["Mode"], "Use SingleModel.")
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    for member in _REFUSED_OF_SOURCE:
        if source.get(member):
            raise refuse(f"ModelDataSource.{member}", source[member], "Leave it out.")


def refuse(member: str, value: object, instead: str) -> Exception:
    """What is said about a member of CreateModel that is not emulated."""
    return errors.feature_not_emulated("CreateModel", member, value, instead)
