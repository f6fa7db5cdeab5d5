"""Transform jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker.jobs.collection import JobCollection, JobKind
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import JobRunner
from localaws.services.sagemaker.jobs.transform_check import check_transform
from localaws.services.sagemaker.jobs.transform_run import TransformRun
from localaws.services.sagemaker.models import Models
from localaws.services.sagemaker.store import Store

_KIND = JobKind("Transform", newest_first=True)
_ECHOED = (
    "ModelName", "MaxConcurrentTransforms", "ModelClientConfig", "MaxPayloadInMB",
    "BatchStrategy", "Environment", "TransformInput", "TransformOutput", "TransformResources",
    "DataProcessing",
)  # fmt: skip


class TransformJobs:
    """CreateTransformJob and its siblings."""

    def __init__(self, context: Context, store: Store, runner: JobRunner, models: Models) -> None:
        self._context = context
        self._models = models
        self._jobs = JobCollection(context, store, runner, _KIND, self._described)

    @operation
    def create_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        check_transform(params)
        plan = self._models.serving_plan(params["ModelName"])
        return self._jobs.create(params, TransformRun(self._context, plan))

    @operation
    def describe_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        return self._described(self._jobs.find(params))

    @operation
    def list_transform_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries, newest first."""
        return self._jobs.list(params, lambda job: {"FailureReason": job.failure_reason})

    @operation
    def stop_transform_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """A job that is stopped keeps no output."""
        return self._jobs.stop(params)

    def _described(self, job: JobRecord) -> dict[str, Any]:
        return {**job.echo(_ECHOED), **self._jobs.described(job)}
