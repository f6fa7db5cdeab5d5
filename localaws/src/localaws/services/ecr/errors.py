"""ECR's error codes and sentences."""

from __future__ import annotations

from collections.abc import Sequence

from localaws.core.errors import AwsError


def invalid_parameter(name: str, reason: str) -> AwsError:
    """A parameter has a value that ECR refuses."""
    return AwsError(
        "InvalidParameterException",
        f"Invalid parameter at '{name}' failed to satisfy constraint: '{reason}'",
    )


def repository_not_found(name: str, registry: str) -> AwsError:
    """The repository does not exist."""
    return AwsError(
        "RepositoryNotFoundException",
        f"The repository with name '{name}' does not exist in the registry with id '{registry}'",
    )


def repository_not_empty(name: str, registry: str) -> AwsError:
    """The repository has images, and the request does not say force."""
    return AwsError(
        "RepositoryNotEmptyException",
        f"The repository with name '{name}' in registry with id '{registry}' cannot be deleted because it "
        "still contains images",
    )


def image_not_found(digest: str | None, tag: str | None, name: str, registry: str) -> AwsError:
    """No image of the repository has this tag or digest."""
    return AwsError(
        "ImageNotFoundException",
        f"The image with imageId {{imageDigest:'{digest or 'null'}', imageTag:'{tag or 'null'}'}} does not "
        f"exist within the repository with name '{name}' in the registry with id '{registry}'",
    )


def image_already_exists(digest: str, tag: str | None, name: str, registry: str) -> AwsError:
    """The image is in the repository already, with this tag."""
    tagged = f" and tag '{tag}'" if tag else ""
    return AwsError(
        "ImageAlreadyExistsException",
        f"Image with digest '{digest}'{tagged} already exists in the repository with name '{name}' in "
        f"registry with id '{registry}'",
    )


def tag_is_immutable(tag: str, name: str) -> AwsError:
    """The tag has an image, and the repository does not let a tag be moved."""
    return AwsError(
        "ImageTagAlreadyExistsException",
        f"The image tag '{tag}' already exists in the '{name}' repository and cannot be overwritten because "
        "the tag is immutable.",
    )


def digest_does_not_match(wanted: str, found: str) -> AwsError:
    """The manifest is not the one that the request names."""
    return AwsError(
        "ImageDigestDoesNotMatchException",
        f"Calculated digest '{found}' does not match the provided digest '{wanted}'",
    )


def layers_not_found(digests: Sequence[str], name: str, registry: str) -> AwsError:
    """A manifest names layers that have not been uploaded."""
    return AwsError(
        "LayersNotFoundException",
        f"Layers with digests '[{', '.join(digests)}]' required for pushing image into repository with name "
        f"'{name}' in the registry with id '{registry}' do not exist",
    )


def referenced_images_not_found(digests: Sequence[str], name: str, registry: str) -> AwsError:
    """An index names images that have not been pushed."""
    return AwsError(
        "ReferencedImagesNotFoundException",
        f"Images with digests '[{', '.join(digests)}]' required for pushing image into repository with name "
        f"'{name}' in the registry with id '{registry}' do not exist",
    )


def upload_not_found(upload_id: str, name: str, registry: str) -> AwsError:
    """No upload with this id is under way in the repository."""
    return AwsError(
        "UploadNotFoundException",
        f"The upload with ID '{upload_id}' does not exist within the repository with name '{name}' in the "
        f"registry with id '{registry}'",
    )


def invalid_layer_part(
    upload_id: str, name: str, registry: str, last_byte_received: int
) -> AwsError:
    """A part does not begin where the last one ended."""
    return AwsError(
        "InvalidLayerPartException",
        f"The layer part upload to repository with name '{name}' in registry with id '{registry}' is not "
        f"sequential to the last byte received, {last_byte_received}",
        fields={
            "registryId": registry,
            "repositoryName": name,
            "uploadId": upload_id,
            "lastValidByteReceived": last_byte_received,
        },
    )


def layer_already_exists(digest: str, name: str, registry: str) -> AwsError:
    """The layer has been uploaded before."""
    return AwsError(
        "LayerAlreadyExistsException",
        f"The layer with digest '{digest}' already exists in the repository with name '{name}' in registry "
        f"with id '{registry}'",
    )


def layer_not_found(digest: str, name: str, registry: str) -> AwsError:
    """The repository does not have this layer."""
    return AwsError(
        "LayersNotFoundException",
        f"The layer with digest '{digest}' does not exist in the repository with name '{name}' in the "
        f"registry with id '{registry}'",
    )


def invalid_layer(digests: Sequence[str], found: str) -> AwsError:
    """What was uploaded does not have the digest that the request names."""
    return AwsError(
        "InvalidLayerException",
        f"Layer digest '{found}' does not match any of the provided digests '[{', '.join(digests)}]'",
    )


def scan_not_found(digest: str | None, tag: str | None, name: str, registry: str) -> AwsError:
    """The image was never scanned."""
    return AwsError(
        "ScanNotFoundException",
        f"Image scan does not exist for the image with '{{imageDigest:'{digest or 'null'}', "
        f"imageTag:'{tag or 'null'}'}}' in the repository with name '{name}' in the registry with id "
        f"'{registry}'",
    )
