"""Training jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.jobs.collection import JobCollection, JobKind
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import JobRunner
from localaws.services.sagemaker.jobs.status import SecondaryStatus
from localaws.services.sagemaker.jobs.training_check import check_training
from localaws.services.sagemaker.jobs.training_run import TrainingRun, model_uri
from localaws.services.sagemaker.roles import check_role
from localaws.services.sagemaker.store import Store

_KIND = JobKind(
    "Training",
    missing="Requested resource not found.",
    duplicate=(
        "Training job names must be unique within an AWS account and region, and a training job "
        "with this name already exists ({arn})"
    ),
    first_step=SecondaryStatus.STARTING,
)
_ECHOED = (
    "HyperParameters", "RoleArn", "InputDataConfig",
    "OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "DebugHookConfig",
    "ProfilerConfig", "Environment", "RetryStrategy",
)  # fmt: skip
_SWITCHES = (
    "EnableNetworkIsolation", "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining",
)  # fmt: skip
_DEFAULT_MAX_RUNTIME = 86_400


class TrainingJobs:
    """CreateTrainingJob and its siblings."""

    def __init__(
        self, context: Context, store: Store, runner: JobRunner, images: ImageCatalog
    ) -> None:
        self._context = context
        self._images = images
        self._jobs = JobCollection(context, store, runner, _KIND, self._described)

    @operation
    def create_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        check_training(params)
        check_role(self._context, params["RoleArn"])
        stopping = {
            "MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME,
            **params.get("StoppingCondition", {}),
        }
        params = {**params, "StoppingCondition": stopping}
        return self._jobs.create(params, TrainingRun(self._context, self._images))

    @operation
    def describe_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        return self._described(self._jobs.find(params))

    @operation
    def list_training_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries."""
        for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
            if member in params:
                raise errors.feature_not_emulated(
                    "ListTrainingJobs", member, params[member], "Leave it out."
                )
        return self._jobs.list(params, lambda job: {"SecondaryStatus": _step(job)})

    @operation
    def stop_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """A job that is stopped uploads the model that it has saved by then."""
        return self._jobs.stop(params)

    @operation
    def delete_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a job that has ended."""
        return self._jobs.delete(params)

    def _described(self, job: JobRecord) -> dict[str, Any]:
        seconds = _training_seconds(job)
        algorithm = job.request["AlgorithmSpecification"]
        return {
            **dict.fromkeys(_SWITCHES, False),
            **job.echo(_ECHOED),
            **self._jobs.described(job),
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False, **algorithm},
            "SecondaryStatus": _step(job),
            "SecondaryStatusTransitions": [dict(step) for step in job.transitions],
            "LastModifiedTime": job.modified,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
            # The place of the model is known from the start, and the member is required.
            "ModelArtifacts": {"S3ModelArtifacts": model_uri(job)},
        }


def _step(job: JobRecord) -> SecondaryStatus:
    return job.secondary or SecondaryStatus.STARTING


def _training_seconds(job: JobRecord) -> int | None:
    """From the start of Training to the end of Uploading, at least 1: the API's minimum."""
    steps = {step["Status"]: step for step in job.transitions}
    training = steps.get(SecondaryStatus.TRAINING)
    if training is None or job.ended is None:
        return None
    end = steps.get(SecondaryStatus.UPLOADING, training).get("EndTime", job.ended)
    return max(1, round((end - training["StartTime"]).total_seconds()))
