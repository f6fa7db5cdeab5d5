"""The operations of training jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.jobs.common import JobOperations
from localaws.services.sagemaker.jobs.record import STARTING, TRAINING, UPLOADING, JobRecord
from localaws.services.sagemaker.jobs.training_check import check_training
from localaws.services.sagemaker.jobs.training_run import TrainingRun
from localaws.services.sagemaker.roles import check_role

_KIND = "training-job"
_ECHOED = (
    "TrainingJobName", "HyperParameters", "RoleArn", "InputDataConfig",
    "OutputDataConfig", "ResourceConfig", "VpcConfig", "StoppingCondition", "EnableNetworkIsolation",
    "EnableInterContainerTrafficEncryption", "EnableManagedSpotTraining", "DebugHookConfig",
    "ProfilerConfig", "Environment", "RetryStrategy",
)  # fmt: skip
_DEFAULT_MAX_RUNTIME = 86_400


class TrainingOperations(JobOperations):
    """CreateTrainingJob and what belongs to it."""

    @operation
    def create_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        check_training(params)
        check_role(self.context, params["RoleArn"])
        stopping = {
            "MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME,
            **params.get("StoppingCondition", {}),
        }
        job = self._create_job(
            _KIND,
            params["TrainingJobName"],
            {**params, "StoppingCondition": stopping},
            TrainingRun(self.context),
            "Training job names must be unique within an AWS account and region, and a training job "
            "with this name already exists ({arn})",
        )
        return {"TrainingJobArn": job.arn}

    @operation
    def describe_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        job = self._training_job(params, errors.validation)
        seconds = _training_seconds(job)
        algorithm = job.request["AlgorithmSpecification"]
        return {
            **{key: job.request[key] for key in _ECHOED if key in job.request},
            "AlgorithmSpecification": {"EnableSageMakerMetricsTimeSeries": False, **algorithm},
            "EnableNetworkIsolation": job.request.get("EnableNetworkIsolation", False),
            "EnableInterContainerTrafficEncryption": job.request.get(
                "EnableInterContainerTrafficEncryption", False
            ),
            "EnableManagedSpotTraining": job.request.get("EnableManagedSpotTraining", False),
            "TrainingJobArn": job.arn,
            "TrainingJobStatus": job.status,
            "SecondaryStatus": job.secondary or STARTING,
            "SecondaryStatusTransitions": [dict(step) for step in job.transitions],
            "FailureReason": job.failure_reason,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
            "TrainingStartTime": job.started,
            "TrainingEndTime": job.ended,
            "TrainingTimeInSeconds": seconds,
            "BillableTimeInSeconds": seconds,
            # Where the model goes is known from the start, and the member is required.
            "ModelArtifacts": {"S3ModelArtifacts": TrainingRun.model_uri(job)},
            **job.facts,
        }

    @operation
    def list_training_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries."""
        for member in ("WarmPoolStatusEquals", "TrainingPlanArnEquals"):
            if member in params:
                raise errors.feature_not_emulated(
                    "ListTrainingJobs", member, params[member], "Leave it out."
                )
        page, token = self._job_page(_KIND, params, descending=False)
        summaries = [
            {
                "TrainingJobName": job.name,
                "TrainingJobArn": job.arn,
                "TrainingJobStatus": job.status,
                "SecondaryStatus": job.secondary or STARTING,
                "CreationTime": job.created,
                "LastModifiedTime": job.modified,
                "TrainingEndTime": job.ended,
            }
            for job in page
        ]
        return {"TrainingJobSummaries": summaries, "NextToken": token}

    @operation
    def stop_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """SIGTERM to the container, SIGKILL 120 seconds later."""
        self._training_job(params, errors.resource_not_found).request_stop("training")
        return {}

    @operation
    def delete_training_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a job that has ended."""
        self._delete_job(self._training_job(params, errors.resource_not_found), "training")
        return {}

    def _training_job(self, params: dict[str, Any], error: Any) -> JobRecord:
        return self._job(_KIND, params["TrainingJobName"], error("Requested resource not found."))


def _training_seconds(job: JobRecord) -> int | None:
    """From the start of Training to the end of Uploading, at least 1: the API's minimum."""
    steps = {step["Status"]: step for step in job.transitions}
    if TRAINING not in steps or job.ended is None:
        return None
    end = steps.get(UPLOADING, steps[TRAINING]).get("EndTime", job.ended)
    return max(1, round((end - steps[TRAINING]["StartTime"]).total_seconds()))
