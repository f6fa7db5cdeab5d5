"""The files of a model: where they are in S3, what was recorded about them, and their download."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from localaws.core.context import Context
from localaws.services.sagemaker.container import s3_data
from localaws.services.sagemaker.container.archive import extract_tar_gz
from localaws.services.sagemaker.errors import ModelDataChangedError, RequestError, validation

# Not a variable of SageMaker. Whoever registers a model may set it to the sha256 of model.tar.gz.
SHA256_VARIABLE: Final = "MODEL_SHA256"


@dataclass(frozen=True)
class Recorded:
    """A property of the model data when the model was registered."""

    what: str
    """``sha256`` or ``ETag``."""
    value: str
    where: str
    """Where it is recorded, for messages."""

    def check(self, uri: str, found: str) -> None:
        """Compare with what was downloaded.

        Raises:
            ModelDataChangedError: it differs.
        """
        if found.strip('"').lower() != self.value.strip('"').lower():
            raise ModelDataChangedError(
                f"{uri} is not the model that was registered: found {self.what} {found}, expected "
                f"{self.value} ({self.where}). Restore the object, or train and register again."
            )


@dataclass(frozen=True)
class ModelData:
    """Model data in S3."""

    uri: str
    is_prefix: bool = False
    """Whether the files are all objects under the URI."""
    is_archive: bool = True
    """Whether the files are in a tar.gz."""
    recorded: tuple[Recorded, ...] = ()


def model_data_of(container: Mapping[str, Any], package_arn: str | None = None) -> ModelData | None:
    """The model data of a container definition, or None when it names none.

    Args:
        container: as in CreateModel or CreateModelPackage.
        package_arn: the model package that it comes from, for messages.

    Raises:
        AwsError: what was recorded cannot be compared with model data of this form.
    """
    source = container.get("ModelDataSource", {}).get("S3DataSource", {})
    uri = container.get("ModelDataUrl")
    recorded = []
    sha256 = container.get("Environment", {}).get(SHA256_VARIABLE)
    if sha256:
        recorded.append(Recorded("sha256", sha256, f"{SHA256_VARIABLE} of the container"))
    etag = container.get("ModelDataETag")
    if etag:
        recorded.append(Recorded("ETag", etag, f"ModelDataETag of {package_arn}"))
    if uri:
        return ModelData(uri, recorded=tuple(recorded))
    if not source:
        return None
    if source.get("ETag"):
        recorded.append(Recorded("ETag", source["ETag"], "ETag of the S3DataSource"))
    is_prefix = source["S3DataType"] == "S3Prefix"
    if is_prefix and recorded:
        raise validation(
            f"The model data is all objects under {source['S3Uri']}, which cannot be compared with "
            f"{recorded[0].where}. Use a single object, or leave the value out."
        )
    is_archive = source.get("CompressionType") != "None"
    return ModelData(source["S3Uri"], is_prefix, is_archive, tuple(recorded))


def download_model(
    context: Context, role_arn: str | None, data: ModelData | None, directory: Path, scratch: Path
) -> None:
    """Download model data, compare it with what was recorded, then unpack it to ``directory``.

    Raises:
        ModelDataChangedError: it is not what was recorded. Nothing was unpacked.
        RequestError: it does not exist, or is not a tar.gz.
    """
    directory.mkdir(parents=True, exist_ok=True)
    if data is None:
        return
    s3 = context.client("s3", role_arn)
    if data.is_prefix:
        if data.is_archive:
            raise RequestError(
                "ModelDataSource with S3DataType S3Prefix needs CompressionType None"
            )
        s3_data.download_prefix(s3, data.uri, directory, role_arn or "", context.region)
        return
    bucket, key = s3_data.split_uri(data.uri)
    archive = scratch / "model.tar.gz"
    etag = s3_data.download_object(s3, bucket, key, archive)
    for recorded in data.recorded:
        recorded.check(data.uri, etag if recorded.what == "ETag" else _sha256(archive))
    if not data.is_archive:
        archive.replace(directory / key.rpartition("/")[2])
        return
    extract_tar_gz(archive, directory, data.uri)
    archive.unlink()


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
