"""The files that a serving container starts with."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from localaws.core.context import Context
from localaws.services.sagemaker.serving.downloads import Downloads
from localaws.services.sagemaker.serving.model_data import download_model
from localaws.services.sagemaker.serving.plan import ContainerPlan


@dataclass(frozen=True)
class ContainerFiles:
    """The unpacked model data, and what the container may fetch from S3 later."""

    model: Path
    downloads: Downloads


def download_files(context: Context, plan: ContainerPlan, directory: Path) -> ContainerFiles:
    """Download the model data of a container to ``directory``.

    Raises:
        ModelDataChangedError: it is not what was recorded. Nothing was unpacked.
        RequestError: it does not exist, or is not a tar.gz.
    """
    model = directory / "model"
    download_model(context, plan.role_arn, plan.data, model, directory)
    return ContainerFiles(model, Downloads(context, plan.role_arn, directory / "downloads"))
