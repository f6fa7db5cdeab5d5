"""The SageMaker service: the operations of all its resources, and how it ends."""

from __future__ import annotations

from localaws.context import Context
from localaws.sagemaker.endpoints.configs import EndpointConfigOperations
from localaws.sagemaker.endpoints.directory import directory_of
from localaws.sagemaker.endpoints.operations import EndpointOperations
from localaws.sagemaker.endpoints.rollout import Rollouts
from localaws.sagemaker.jobs.engine import JobEngine
from localaws.sagemaker.jobs.processing import ProcessingOperations
from localaws.sagemaker.jobs.training import TrainingOperations
from localaws.sagemaker.jobs.transform import TransformOperations
from localaws.sagemaker.models import ModelOperations
from localaws.sagemaker.registry import RegistryOperations
from localaws.sagemaker.tags import TagOperations


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
        self._directory = directory_of(context.account_id, context.region)
        self._rollouts = Rollouts(context, self._directory)

    def close(self) -> None:
        """End every job and endpoint. Called when the server stops or is reset."""
        self._rollouts.close(self._store.table("endpoint").all())
        self._engine.close()
