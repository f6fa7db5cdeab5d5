"""Processing jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.context import Context
from localaws.core.provider import operation
from localaws.services.sagemaker.images.catalog import ImageCatalog
from localaws.services.sagemaker.jobs.collection import JobCollection, JobKind
from localaws.services.sagemaker.jobs.processing_check import check_processing
from localaws.services.sagemaker.jobs.processing_run import ProcessingRun
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.jobs.runner import JobRunner
from localaws.services.sagemaker.roles import check_role
from localaws.services.sagemaker.store import Store

_KIND = JobKind("Processing")
_ECHOED = (
    "ProcessingInputs", "ProcessingOutputConfig", "ProcessingResources",
    "StoppingCondition", "AppSpecification", "Environment", "NetworkConfig", "RoleArn",
)  # fmt: skip
_DEFAULT_MAX_RUNTIME = 86_400


class ProcessingJobs:
    """CreateProcessingJob and its siblings."""

    def __init__(
        self, context: Context, store: Store, runner: JobRunner, images: ImageCatalog
    ) -> None:
        self._context = context
        self._images = images
        self._jobs = JobCollection(context, store, runner, _KIND, self._described)

    @operation
    def create_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        check_processing(params)
        check_role(self._context, params["RoleArn"])
        params = {"StoppingCondition": {"MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME}, **params}
        return self._jobs.create(params, ProcessingRun(self._context, self._images))

    @operation
    def describe_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        return self._described(self._jobs.find(params))

    @operation
    def list_processing_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries."""
        return self._jobs.list(
            params,
            lambda job: {
                "FailureReason": job.failure_reason,
                "ExitMessage": job.results.get("ExitMessage"),
            },
        )

    @operation
    def stop_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """A job that is stopped uploads no output."""
        return self._jobs.stop(params)

    @operation
    def delete_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a job that has ended."""
        return self._jobs.delete(params)

    def _described(self, job: JobRecord) -> dict[str, Any]:
        return {
            **job.echo(_ECHOED),
            **self._jobs.described(job),
            "LastModifiedTime": job.modified,
        }
