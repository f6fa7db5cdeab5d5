"""The operations of processing jobs."""

from __future__ import annotations

from typing import Any

from localaws.core.provider import operation
from localaws.services.sagemaker import errors
from localaws.services.sagemaker.jobs.common import JobOperations
from localaws.services.sagemaker.jobs.processing_run import ProcessingRun
from localaws.services.sagemaker.jobs.record import JobRecord
from localaws.services.sagemaker.roles import check_role

_KIND = "processing-job"
_ROOT = "/opt/ml/processing/"
_ECHOED = (
    "ProcessingInputs", "ProcessingOutputConfig", "ProcessingJobName", "ProcessingResources",
    "StoppingCondition", "AppSpecification", "Environment", "NetworkConfig", "RoleArn",
)  # fmt: skip
_DEFAULT_MAX_RUNTIME = 86_400


class ProcessingOperations(JobOperations):
    """CreateProcessingJob and what belongs to it."""

    @operation
    def create_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Check the request, then run the job in the background."""
        _check(params)
        check_role(self.context, params["RoleArn"])
        params = {"StoppingCondition": {"MaxRuntimeInSeconds": _DEFAULT_MAX_RUNTIME}, **params}
        job = self._create_job(
            _KIND,
            params["ProcessingJobName"],
            params,
            ProcessingRun(self.context),
            "Job name must be unique within an AWS account and region, and a job with this name "
            "already exists ({arn})",
        )
        return {"ProcessingJobArn": job.arn}

    @operation
    def describe_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Everything about one job."""
        job = self._processing_job(params, errors.validation)
        return {
            **{key: job.request[key] for key in _ECHOED if key in job.request},
            "ProcessingJobArn": job.arn,
            "ProcessingJobStatus": job.status,
            "FailureReason": job.failure_reason,
            "CreationTime": job.created,
            "LastModifiedTime": job.modified,
            "ProcessingStartTime": job.started,
            "ProcessingEndTime": job.ended,
            **job.facts,
        }

    @operation
    def list_processing_jobs(self, params: dict[str, Any]) -> dict[str, Any]:
        """Summaries."""
        page, token = self._job_page(_KIND, params, descending=False)
        summaries = [
            {
                "ProcessingJobName": job.name,
                "ProcessingJobArn": job.arn,
                "ProcessingJobStatus": job.status,
                "CreationTime": job.created,
                "LastModifiedTime": job.modified,
                "ProcessingEndTime": job.ended,
                "FailureReason": job.failure_reason,
                "ExitMessage": job.facts.get("ExitMessage"),
            }
            for job in page
        ]
        return {"ProcessingJobSummaries": summaries, "NextToken": token}

    @operation
    def stop_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """SIGTERM to the container, SIGKILL after its time of grace."""
        self._processing_job(params, errors.resource_not_found).request_stop("processing")
        return {}

    @operation
    def delete_processing_job(self, params: dict[str, Any]) -> dict[str, Any]:
        """Forget a job that has ended."""
        self._delete_job(self._processing_job(params, errors.resource_not_found), "processing")
        return {}

    def _processing_job(self, params: dict[str, Any], error: Any) -> JobRecord:
        name = params["ProcessingJobName"]
        return self._job(_KIND, name, error(f"Could not find requested job with name: {name}"))


def _check(params: dict[str, Any]) -> None:
    cluster = params["ProcessingResources"]["ClusterConfig"]
    if cluster.get("InstanceCount", 1) != 1:
        raise _refuse("InstanceCount", cluster["InstanceCount"], "Use 1.")
    for member in ("InstancePreferences", "SelectedInstanceType"):
        if member in cluster:
            raise _refuse(member, cluster[member], "Use InstanceType and InstanceCount.")
    if "ExperimentConfig" in params:
        raise _refuse("ExperimentConfig", params["ExperimentConfig"], "Leave it out.")
    names: set[str] = set()
    for item in params.get("ProcessingInputs", []):
        _check_input(item)
        _add_name(names, item["InputName"], "input")
    names.clear()
    for item in params.get("ProcessingOutputConfig", {}).get("Outputs", []):
        _check_output(item)
        _add_name(names, item["OutputName"], "output")


def _add_name(names: set[str], name: str, what: str) -> None:
    if name in names:
        raise errors.validation(f"The {what} name '{name}' is used twice. Names must be unique.")
    names.add(name)


def _check_input(item: dict[str, Any]) -> None:
    if "S3Input" not in item:
        raise _refuse("ProcessingInputs.DatasetDefinition", item["InputName"], "Use S3Input.")
    s3 = item["S3Input"]
    if s3.get("S3DataType") == "ManifestFile":
        raise _refuse("S3DataType", "ManifestFile", "Use S3Prefix.")
    if s3.get("S3InputMode", "File") != "File":
        raise _refuse("S3InputMode", s3["S3InputMode"], "Use File.")
    if s3.get("S3CompressionType", "None") != "None":
        raise _refuse("S3CompressionType", s3["S3CompressionType"], "Use None.")
    if not item.get("AppManaged"):
        _check_local_path(item["InputName"], s3.get("LocalPath"))


def _check_output(item: dict[str, Any]) -> None:
    if "S3Output" not in item:
        raise _refuse("Outputs.FeatureStoreOutput", item["OutputName"], "Use S3Output.")
    if item.get("AppManaged"):
        return
    if item["S3Output"]["S3UploadMode"] != "EndOfJob":
        raise _refuse("S3UploadMode", item["S3Output"]["S3UploadMode"], "Use EndOfJob.")
    _check_local_path(item["OutputName"], item["S3Output"].get("LocalPath"))


def _check_local_path(name: str, path: str | None) -> None:
    if not path or not path.startswith(_ROOT) or ".." in path.split("/"):
        raise errors.validation(
            f"LocalPath of '{name}' is '{path or ''}', but it must be an absolute path under {_ROOT}"
        )


def _refuse(member: str, value: object, instead: str) -> Exception:
    return errors.feature_not_emulated("CreateProcessingJob", member, value, instead)
