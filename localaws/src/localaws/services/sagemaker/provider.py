"""The SageMaker service: the operations of all its resources, and how it ends."""

from __future__ import annotations

from localaws.core.context import Context
from localaws.services.sagemaker.endpoints.configs import EndpointConfigOperations
from localaws.services.sagemaker.endpoints.directory import EndpointDirectory
from localaws.services.sagemaker.endpoints.operations import EndpointOperations
from localaws.services.sagemaker.endpoints.rollout import Rollouts
from localaws.services.sagemaker.jobs.engine import JobEngine
from localaws.services.sagemaker.jobs.processing import ProcessingOperations
from localaws.services.sagemaker.jobs.training import TrainingOperations
from localaws.services.sagemaker.jobs.transform import TransformOperations
from localaws.services.sagemaker.models import ModelOperations
from localaws.services.sagemaker.registry import RegistryOperations
from localaws.services.sagemaker.tags import TagOperations


class SageMakerProvider(
    ProcessingOperations,
    TrainingOperations,
    TransformOperations,
    ModelOperations,
    EndpointConfigOperations,
    EndpointOperations,
    RegistryOperations,
    TagOperations,
):
    """SageMaker in one account and region."""

    # Plain records, which moto keeps as AWS does. What moto only pretends to run (tuning jobs, pipelines,
    # AutoML, notebooks ...) is refused by name.
    delegated = frozenset(
        {
            "CreateModelCard", "DescribeModelCard", "ListModelCards", "UpdateModelCard", "DeleteModelCard",
            "ListModelCardVersions",
        }
    )  # fmt: skip

    def __init__(self, context: Context) -> None:
        super().__init__(context)
        self._engine = JobEngine(context)
        self._directory = context.shared(EndpointDirectory)
        self._rollouts = Rollouts(context, self._directory)

    def close(self) -> None:
        """End every job and endpoint. Called when the server stops or is reset."""
        self._rollouts.close(self._store.table("endpoint").all())
        self._engine.close()
