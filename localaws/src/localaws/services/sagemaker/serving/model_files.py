"""The files of a model, from S3 to the directory that becomes /opt/ml/model."""

from __future__ import annotations

from pathlib import Path

from localaws.core.context import Context
from localaws.services.sagemaker.container import s3_data
from localaws.services.sagemaker.container.archive import extract_tar_gz
from localaws.services.sagemaker.errors import RequestError
from localaws.services.sagemaker.serving.plan import ServingPlan


def fetch_model(context: Context, plan: ServingPlan, directory: Path, scratch: Path) -> None:
    """Download and unpack.

    Raises:
        RequestError: missing, or not a tar.gz.
    """
    directory.mkdir(parents=True, exist_ok=True)
    s3 = context.client("s3", plan.role_arn)
    source = plan.model_source
    uri = plan.model_uri or (source or {}).get("S3Uri")
    if uri is None:
        return
    if plan.model_uri is None and source is not None and source.get("S3DataType") == "S3Prefix":
        if source.get("CompressionType") != "None":
            raise RequestError(
                "ModelDataSource with S3DataType S3Prefix needs CompressionType None"
            )
        s3_data.download_prefix(s3, uri, directory, plan.role_arn or "", context.region)
        return
    archive = scratch / "model.tar.gz"
    s3_data.download_object(s3, *s3_data.split_uri(uri), archive)
    if plan.model_uri is None and source is not None and source.get("CompressionType") == "None":
        archive.replace(directory / s3_data.split_uri(uri)[1].rpartition("/")[2])
        return
    extract_tar_gz(archive, directory, uri)
    archive.unlink()
