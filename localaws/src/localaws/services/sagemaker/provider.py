"""The SageMaker service: its resources and their collaborators."""

from __future__ import annotations

import os

from localaws.core.context import Context
from localaws.core.provider import Provider
from localaws.services.ecr.pushed_images import PushedImages
from localaws.services.sagemaker.endpoints.configs import EndpointConfigs
from localaws.services.sagemaker.endpoints.endpoints import Endpoints
from localaws.services.sagemaker.endpoints.routes import EndpointRoutes
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.images.settings import images_from_environment
from localaws.services.sagemaker.jobs.processing import ProcessingJobs
from localaws.services.sagemaker.jobs.runner import JobRunner
from localaws.services.sagemaker.jobs.training import TrainingJobs
from localaws.services.sagemaker.jobs.transform import TransformJobs
from localaws.services.sagemaker.model_package_groups import ModelPackageGroups
from localaws.services.sagemaker.model_packages import ModelPackages
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.store import Store
from localaws.services.sagemaker.tags import Tags


class SageMakerProvider(Provider):
    """SageMaker in one account and region."""

    service_name = "sagemaker"

    # Records that moto keeps as AWS does. What moto only pretends to run (tuning jobs, pipelines, AutoML,
    # notebooks ...) is refused by name.
    delegated = frozenset(
        {
            "CreateModelCard", "DescribeModelCard", "ListModelCards", "UpdateModelCard", "DeleteModelCard",
            "ListModelCardVersions",
        }
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        directories = images_from_environment(os.environ)
        images = ImageCatalog(
            context.account_id, context.region, directories, context.shared(PushedImages)
        )
        store = Store(context)
        groups = ModelPackageGroups(store)
        packages = ModelPackages(context, store, groups)
        models = Models(context, store, images, packages)
        configs = EndpointConfigs(context, store, models)
        self._runner = JobRunner(context)
        self._endpoints = Endpoints(context, store, configs, context.shared(EndpointRoutes))
        super().__init__(
            context,
            ProcessingJobs(context, store, self._runner, images),
            TrainingJobs(context, store, self._runner, images),
            TransformJobs(context, store, self._runner, models),
            models,
            configs,
            self._endpoints,
            groups,
            packages,
            Tags(store),
        )

    def close(self) -> None:
        """End every job and endpoint. Called when the server stops."""
        self._endpoints.close()
        self._runner.close()
